"""JAX: a run over mini-batches is one compiled loop."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...backends import Array, Backend
from ...backends.jax import JaxBackend
from ..plain import plain_forward
from ..step import Forward, ForwardRun, Run, Step
from ..trace import TraceError, trace
from .segments import SegmentNamespace, Segments, boundaries

__all__ = ["compile_forward", "compile_step"]


def compile_step(backend: Backend, step: Step) -> Run:
    """See `bpnet.compiler.compile_step`."""

    def loop(
        cut: tuple[int, ...],
        state: Any,
        x: Array,
        y: Array,
        order: Array,
        rates: Array,
        keys: Array,
        is_key: tuple[bool, ...],
        n: Array,
    ) -> Any:
        xp = SegmentNamespace(backend.xp) if cut else backend.xp

        def do(k: Any, state: Any) -> Any:
            x_k, y_k = jnp.take(x, order[k], axis=0), jnp.take(y, order[k], axis=0)
            numbers, whole = iter(rates[k]), iter(keys[k])
            given = tuple(next(whole if one else numbers) for one in is_key)
            return step(xp, state, x_k, y_k, given)

        def body(k: Array, carried: Any) -> Any:
            state, outputs = carried
            state, z = do(k, state)
            return state, outputs.at[k].set(z)

        state = _cut(state, cut)
        z = jax.eval_shape(functools.partial(do, 0), state)[1]
        outputs = jnp.zeros((order.shape[0], *z.shape), dtype=z.dtype)
        state, outputs = jax.lax.fori_loop(0, n, body, (state, outputs))
        return _join(state), outputs

    # The state is donated, so that it is changed in place; a state that is not this run's own
    # is copied first. One compilation serves every number of steps up to the longest yet seen.
    jitted = jax.jit(loop, static_argnums=(0, 7), donate_argnums=1)
    capacity: dict[int, int] = {}
    cuts: tuple[int, ...] | None = None
    own: Any = None

    def run(
        state: Any,
        x: Array,
        y: Array,
        order: np.ndarray[Any, Any],
        rates: Sequence[tuple[float, ...]],
        stop: Callable[[], bool] | None = None,
    ) -> tuple[Any, Array | None]:
        nonlocal own, cuts
        steps, size = order.shape
        if steps == 0 or (stop is not None and stop()):
            return state, None
        room = capacity[size] = max(steps, capacity.get(size, 0))
        is_key = tuple(isinstance(one, int) for one in rates[0])
        table = np.asarray(rates, dtype=np.float64).reshape(steps, -1)  # exact for keys, too

        def moved(rows: np.ndarray[Any, Any], dtype: str) -> Array:
            padded = np.zeros((room, rows.shape[1]), dtype)
            padded[:steps] = rows
            return backend.from_host(padded, dtype)

        keys = moved(table[:, np.flatnonzero(is_key)], "int32")
        numbers = moved(table[:, np.flatnonzero(np.logical_not(is_key))], backend.dtype)
        if cuts is None:
            x_shape, y_shape = (size, *x.shape[1:]), (size, *y.shape[1:])
            cuts = _cuts(step, backend.dtype, state, x_shape, y_shape, rates[0])
        if state is not own:
            state = jax.tree.map(backend.copy, state)
        batches = moved(order, "int32")
        own, outputs = jitted(cuts, state, x, y, batches, numbers, keys, is_key, steps)
        return own, outputs[:steps]

    return run


def compile_forward(backend: Backend, forward: Forward) -> ForwardRun:
    """See `bpnet.compiler.compile_forward`."""
    return plain_forward(backend, forward)


def _cuts(
    step: Step,
    dtype: str,
    state: Any,
    x_shape: tuple[int, ...],
    y_shape: tuple[int, ...],
    rates: Sequence[float],
) -> tuple[int, ...]:
    """Where a step cuts its vectors; empty where it does what is better left to one vector."""
    try:
        graph = trace(step, dtype, state, x_shape, y_shape, rates)
    except TraceError:
        return ()
    cuts, kind = tuple(boundaries(graph)), jnp.dtype(dtype)

    def once(state: Any, x: Array, y: Array, numbers: list[Array]) -> Any:
        after, _ = step(SegmentNamespace(JaxBackend.xp), _cut(state, cuts), x, y, numbers)
        return after, _cut(state, cuts)

    x, y = (jax.ShapeDtypeStruct(shape, kind) for shape in (x_shape, y_shape))
    numbers = [
        jax.ShapeDtypeStruct((), jnp.int32 if isinstance(one, int) else kind) for one in rates
    ]
    try:
        after, before = jax.eval_shape(once, state, x, y, numbers)
    except (TypeError, AttributeError):  # what pieces cannot do
        return ()
    return cuts if _shapes(after) == _shapes(before) else ()


def _shapes(state: Any) -> Any:
    leaves, structure = jax.tree.flatten(state)
    return structure, [(leaf.shape, leaf.dtype) for leaf in leaves]


def _cut(state: Any, cuts: tuple[int, ...]) -> Any:
    if not cuts:
        return state
    return jax.tree.map(
        lambda v: (
            Segments([v[start:stop] for start, stop in itertools.pairwise(cuts)])
            if v.shape[0] == cuts[-1]
            else v  # of another kind than theta and its likes
        ),
        state,
    )


def _join(state: Any) -> Any:
    return jax.tree.map(
        lambda v: jnp.concatenate(v.pieces) if isinstance(v, Segments) else v,
        state,
        is_leaf=lambda v: isinstance(v, Segments),
    )


jax.tree_util.register_pytree_node(
    Segments, lambda v: (v.pieces, None), lambda _, pieces: Segments(pieces)
)
