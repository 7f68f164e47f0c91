"""JAX."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..cases import Arrays, Case
from ..reference import BETA_1, BETA_2, EPSILON
from .trainer import Trainer

__all__ = ["jax_scan", "jax_step"]


def jax_step(case: Case, x: np.ndarray, labels: np.ndarray) -> Trainer:
    """JAX, a jitted step a call, its state donated."""
    import jax

    step, state, data = _step(case, x, labels)
    jitted = jax.jit(step, donate_argnums=0)

    def follow(order: np.ndarray) -> None:
        for rows in order.astype(np.int32):
            state[0], loss = jitted(state[0], rows, *data)
        loss.block_until_ready()

    return Trainer(follow, lambda: _parameters(state))


def jax_scan(case: Case, x: np.ndarray, labels: np.ndarray) -> Trainer:
    """JAX, an epoch a call: ``lax.scan`` over its steps, the state donated."""
    import jax

    step, state, data = _step(case, x, labels)

    @functools.partial(jax.jit, donate_argnums=0)
    def epoch(state: Any, order: Any, x: Any, y: Any) -> Any:
        return jax.lax.scan(lambda state, rows: step(state, rows, x, y), state, order)

    def follow(order: np.ndarray) -> None:
        state[0], losses = epoch(state[0], order.astype(np.int32), *data)
        losses.block_until_ready()

    return Trainer(follow, lambda: _parameters(state), whole=True)


def _step(case: Case, x: np.ndarray, labels: np.ndarray) -> tuple[Any, list[Any], tuple[Any, Any]]:
    """A step on a tree of one (w, b) a layer, where it starts, and the data."""
    import jax
    import jax.numpy as jnp

    sigma = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}[case.sigma]

    def loss(params: Any, x: Any, y: Any) -> Any:
        for w, b in params[:-1]:
            x = sigma(x @ w.T + b)
        w, b = params[-1]
        return -jnp.mean(jnp.sum(jax.nn.log_softmax(x @ w.T + b) * y, axis=1))

    def sgd(state: Any, rows: Any, x: Any, y: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(state, x[rows], y[rows])
        return jax.tree.map(lambda p, g: p - case.learning_rate * g, state, gradient), value

    def adam(state: Any, rows: Any, x: Any, y: Any) -> Any:
        params, m, v, t = state
        value, gradient = jax.value_and_grad(loss)(params, x[rows], y[rows])
        t = t + 1
        m = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, m, gradient)
        v = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, v, gradient)
        eta, unbias = case.learning_rate / (1 - BETA_1**t), 1 / (1 - BETA_2**t)
        params = jax.tree.map(
            lambda p, m, v: p - eta * m / (jnp.sqrt(v * unbias) + EPSILON), params, m, v
        )
        return (params, m, v, t), value

    params = [(jnp.asarray(w), jnp.asarray(b)) for w, b in zip(*case.start(), strict=True)]
    data = jnp.asarray(x), jnp.asarray(case.one_hot(labels))
    if case.optimizer == "sgd":
        return sgd, [params], data
    m, v = (jax.tree.map(jnp.zeros_like, params) for _ in range(2))
    return adam, [(params, m, v, jnp.zeros((), jnp.float32))], data


def _parameters(state: list[Any]) -> Arrays:
    params = state[0] if isinstance(state[0], list) else state[0][0]
    return [np.asarray(w) for w, _ in params] + [np.asarray(b) for _, b in params]
