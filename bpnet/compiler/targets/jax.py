"""JAX: a run over mini-batches is one compiled loop, and a forward pass one compiled function."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from ...backends import Array, Backend
from ..step import Forward, ForwardRun, Run, Step
from .jax_loop import OneStep, training_loop
from .jax_rows import (
    compile_blocks,
    compile_function,
    compile_rows,
    first_rows,
    join_rows,
    row_slices,
    rows_of_steps,
    take_rows,
)

__all__ = [
    "compile_blocks",
    "compile_forward",
    "compile_function",
    "compile_rows",
    "compile_step",
    "join_rows",
    "row_slices",
    "rows_of_steps",
    "take_rows",
]

MOST_LOOPS = 16  # compiled for one step, for as many shapes of samples and mini-batches


def compile_forward(backend: Backend, forward: Forward) -> ForwardRun:
    """See `bpnet.compiler.compile_forward`."""
    return compile_rows(backend, forward)


def compile_step(backend: Backend, step: Step) -> Run:
    """See `bpnet.compiler.compile_step`.

    One loop is compiled for each size of a mini-batch; the least recently used ones are released.
    """
    loops = functools.lru_cache(MOST_LOOPS)(lambda *_: _Loop(backend, step))
    own: Any = None

    def run(
        state: Any,
        x: Array,
        y: Array,
        order: np.ndarray[Any, Any],
        rates: Sequence[tuple[float, ...]],
        stop: Callable[[], bool] | None = None,
    ) -> tuple[Any, Array | None]:
        nonlocal own
        if len(order) == 0 or (stop is not None and stop()):
            return state, None
        is_key = tuple(isinstance(one, int) for one in rates[0])
        loop = loops(x.shape, y.shape, order.shape[1], is_key)
        # The state is donated, so that it is changed in place; one that is not this run's own is
        # copied first.
        if state is not own:
            state = jax.tree.map(backend.copy, state)
        own, outputs = loop(state, x, y, order, np.asarray(rates, dtype=np.float64), is_key)
        return own, outputs

    return run


class _Loop:
    """The compiled loop over mini-batches of one size, for at most as many steps as seen so far."""

    def __init__(self, backend: Backend, step: Step) -> None:
        self._backend, self._step = backend, step
        self._room = 0
        self._jitted: Any = None

    def __call__(
        self,
        state: Any,
        x: Array,
        y: Array,
        order: np.ndarray[Any, Any],
        rates: np.ndarray[Any, Any],
        is_key: tuple[bool, ...],
    ) -> tuple[Any, Array]:
        """Train on mini-batches; the state is donated."""
        steps = len(order)
        table = rates.reshape(steps, -1)  # double precision is exact for keys, too
        if steps > self._room:
            self._room = steps
            one_step = OneStep(self._backend.xp, self._step, is_key)
            self._jitted = jax.jit(functools.partial(training_loop, one_step), donate_argnums=0)
        state, outputs = self._jitted(
            state,
            x,
            y,
            self._moved(order, "int32"),
            self._moved(table[:, np.flatnonzero(np.logical_not(is_key))], self._backend.dtype),
            self._moved(table[:, np.flatnonzero(is_key)], "int32"),
            steps,
        )
        return state, first_rows(outputs, steps)

    def _moved(self, rows: np.ndarray[Any, Any], dtype: str) -> Array:
        """Rows on the device, followed by zeros for the steps that are not done."""
        padded = np.zeros((self._room, rows.shape[1]), dtype)
        padded[: len(rows)] = rows
        return self._backend.from_host(padded, dtype)
