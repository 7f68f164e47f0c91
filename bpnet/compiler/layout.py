"""Where the nodes of a graph lie in memory: buffers, views and byte ranges, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from .ir import Node

__all__ = ["Buffer", "Layout", "Move", "Place", "View"]


class Buffer(NamedTuple):
    """Memory for an array.

    Attributes
    ----------
    id : int
        Its index in `Layout.buffers`.
    shape : tuple of int
    dtype : numpy.dtype or BFLOAT16
    role : str
        ``state0``, ``state1``, ..., ``x``, ``y``, ``z``, ``work``, or ``zeros`` and ``ones``, which
        no step writes.
    is_moving : bool
        Whether it is another array at each step.
    """

    id: int
    shape: tuple[int, ...]
    dtype: Any
    role: str
    is_moving: bool = False

    @property
    def nbytes(self) -> int:
        return int(math.prod(self.shape) * self.dtype.itemsize)


View = tuple[str, Any]
"""``("slice", keys)``, ``("reshape", shape)`` or ``("transpose", None)``."""


class Place(NamedTuple):
    """The place of a node: a buffer, seen through views."""

    buffer: int
    path: tuple[View, ...] = ()

    def through(self, op: str, option: Any) -> Place:
        """The place of a view of this place."""
        return Place(self.buffer, (*self.path, (op, option)))


class Move(NamedTuple):
    """A result that is copied to the state's buffer at the end of a step.

    Attributes
    ----------
    node : Node
    state : int
        Which array of the state it becomes.
    aside : int or None
        The buffer that it is copied to first, because another move may overwrite it.
    """

    node: Node
    state: int
    aside: int | None = None


class Layout(NamedTuple):
    """The buffers of a graph.

    Attributes
    ----------
    buffers : tuple of Buffer
    places : dict of Node to Place
        Scalars and nodes local to a chain have none.
    placed : dict of Node to (Node, tuple of slice)
        Nodes computed directly into their place in a concatenation.
    moves : tuple of Move
    """

    buffers: tuple[Buffer, ...]
    places: dict[Node, Place]
    placed: Mapping[Node, tuple[Node, tuple[slice, ...]]]
    moves: tuple[Move, ...]

    def span(self, node: Node) -> tuple[int, int, int] | None:
        """The buffer of a node and its byte range in it; None if no step writes it."""
        place = self.places.get(node)
        if place is None:
            return None
        buffer = self.buffers[place.buffer]
        if buffer.role in ("zeros", "ones"):
            return None
        if buffer.is_moving:
            return buffer.id, 0, buffer.nbytes
        first, last = _reach(buffer.shape, place.path)
        size = buffer.dtype.itemsize
        return buffer.id, first * size, (last + 1) * size


def _reach(shape: tuple[int, ...], path: tuple[View, ...]) -> tuple[int, int]:
    """Index of the first and the last entry of a contiguous array that a view shows."""
    first, strides = 0, _contiguous(shape)
    for op, option in path:
        if op == "transpose":
            shape, strides = shape[::-1], strides[::-1]
        elif op == "reshape":
            shape, strides = option, _contiguous(option)  # only what lies in one piece is reshaped
        else:
            keys = (*option, *(slice(None),) * (len(shape) - len(option)))
            ranges = [range(*one.indices(n)) for one, n in zip(keys, shape, strict=True)]
            first += sum(one.start * step for one, step in zip(ranges, strides, strict=True))
            strides = tuple(one.step * step for one, step in zip(ranges, strides, strict=True))
            shape = tuple(map(len, ranges))
    ends = [(n - 1) * step for n, step in zip(shape, strides, strict=True)]
    return first + sum(end for end in ends if end < 0), first + sum(end for end in ends if end > 0)


def _contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(math.prod(shape[k + 1 :]) for k in range(len(shape)))
