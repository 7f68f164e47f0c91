"""JAX's loop over mini-batches, and where it cuts the vectors that it carries.

A step is traced once with vectors in one piece, on shapes alone. The pieces that theta is put
together from at its end are those that the loop carries: one for each part of a layer.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ...backends import Array
from ..step import Step
from .segments import SegmentNamespace, Segments

__all__ = ["OneStep", "training_loop"]


class OneStep:
    """One step of the loop, on the mini-batch of which the row numbers are given."""

    def __init__(self, xp: Any, step: Step, is_key: tuple[bool, ...]) -> None:
        self.xp, self._step, self._is_key = xp, step, is_key

    def __call__(
        self, xp: Any, state: Any, x: Array, y: Array, rows: Array, numbers: Array, keys: Array
    ) -> tuple[Any, Array]:
        x, y = jnp.take(x, rows, axis=0), jnp.take(y, rows, axis=0)
        each_number, each_key = iter(numbers), iter(keys)
        rates = tuple(next(each_key if one else each_number) for one in self._is_key)
        return self._step(xp, state, x, y, rates)


def training_loop(
    one_step: OneStep,
    state: Any,
    x: Array,
    y: Array,
    order: Array,
    numbers: Array,
    keys: Array,
    n: Array,
) -> tuple[Any, Array]:
    """The state after ``n`` steps, and z of each."""
    ends, z = _pieces(one_step, state, x, y, order[0], numbers[0], keys[0])
    outputs = jnp.zeros((order.shape[0], *z.shape), dtype=z.dtype)

    def over(ends: Sequence[int]) -> tuple[Any, Array]:
        xp = SegmentNamespace(one_step.xp) if ends else one_step.xp

        def body(k: Array, carried: Any) -> Any:
            state, outputs = carried
            state, z = one_step(xp, state, x, y, order[k], numbers[k], keys[k])
            return _cut(state, ends), outputs.at[k].set(z)

        after, all_z = jax.lax.fori_loop(0, n, body, (_cut(state, ends), outputs))
        return _cut(after, ()), all_z

    try:
        return over(ends)
    except (TypeError, AttributeError):  # what several pieces cannot do
        return over(())


def _pieces(one_step: OneStep, state: Any, *arrays: Array) -> tuple[tuple[int, ...], Any]:
    """Where a step itself leaves theta cut, and the shape of z.

    No piece ends are returned for a step that needs its vectors in one piece.
    """

    def traced(xp: Any, state: Any) -> Any:
        return one_step(xp, state, *arrays)

    try:
        theta = jax.tree.leaves(state)[0]
        cut = _cut(state, (0, theta.shape[0]))
        after, z = jax.eval_shape(functools.partial(traced, SegmentNamespace(one_step.xp)), cut)
        ends = jax.tree.leaves(after, is_leaf=_is_segments)[0].ends
    except (TypeError, AttributeError):  # what pieces cannot do
        return (), jax.eval_shape(functools.partial(traced, one_step.xp), state)[1]
    return ends, z


def _is_segments(one: Any) -> bool:
    return isinstance(one, Segments)


def _cut(state: Any, ends: Sequence[int]) -> Any:
    """A state of which the vectors as long as theta are cut there, and all others are joined."""

    def cut(vector: Any) -> Any:
        if vector.ndim != 1:
            return vector
        long = vector.shape == tuple(ends[-1:])
        whole = vector if isinstance(vector, Segments) else Segments([vector])
        found = whole.joined(ends if long else (0, whole.size), jnp.concatenate)
        return found if long else found.pieces[0]

    return jax.tree.map(cut, state, is_leaf=_is_segments)


jax.tree_util.register_pytree_node(
    Segments, lambda v: (v.pieces, None), lambda _, pieces: Segments(pieces)
)
