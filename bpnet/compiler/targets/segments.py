"""A flat vector carried as its pieces, for a compiler that is slow to slice and to join it.

XLA copies a vector of all parameters at each slice and each concatenation of a step. Carried as one
array a layer, with the same operations on each, the step is as fast as one written for a tree of
arrays; its source still says theta.
"""

from __future__ import annotations

import bisect
import operator
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from ...backends import Array
from ..ir import Graph

__all__ = ["SegmentNamespace", "Segments", "boundaries"]


class Segments:
    """A vector as consecutive pieces; arithmetic goes piece by piece.

    Parameters
    ----------
    pieces : sequence of array
        One dimension each.
    """

    def __init__(self, pieces: Sequence[Array]) -> None:
        self.pieces = tuple(pieces)

    @property
    def size(self) -> int:
        return sum(piece.shape[0] for piece in self.pieces)

    @property
    def shape(self) -> tuple[int]:
        return (self.size,)

    @property
    def ndim(self) -> int:
        return 1

    @property
    def dtype(self) -> Any:
        return self.pieces[0].dtype

    def __getitem__(self, part: slice) -> Any:
        start, stop, stride = part.indices(self.size)
        ends = [0, *accumulate(piece.shape[0] for piece in self.pieces)]
        first, last = bisect.bisect_left(ends, start), bisect.bisect_left(ends, stop)
        if stride != 1 or start > stop or ends[first] != start or ends[last] != stop:
            raise TypeError(f"{start}:{stop} is no run of pieces, which end at {ends}")
        return self.pieces[first] if last == first + 1 else Segments(self.pieces[first:last])

    def __neg__(self) -> Segments:
        return Segments([-piece for piece in self.pieces])

    def __abs__(self) -> Segments:
        return Segments([abs(piece) for piece in self.pieces])

    __hash__ = object.__hash__  # as == is an operation


def _each(function: Callable[..., Array], *args: Any) -> Segments:
    """A function's result for each piece; numbers take part in all."""
    cuts = {tuple(piece.shape for piece in one.pieces) for one in args if isinstance(one, Segments)}
    if len(cuts) > 1:
        raise TypeError(f"vectors of different pieces: {cuts}")
    (cut,) = cuts
    return Segments(
        [
            function(*(one.pieces[k] if isinstance(one, Segments) else one for one in args))
            for k in range(len(cut))
        ]
    )


def _method(function: Callable[..., Array], swapped: bool) -> Callable[[Segments, Any], Segments]:
    def method(self: Segments, other: Any) -> Segments:
        return _each(function, other, self) if swapped else _each(function, self, other)

    return method


for _name in ("add", "sub", "mul", "truediv", "pow", "gt", "ge", "lt", "le", "eq", "ne"):
    setattr(Segments, f"__{_name}__", _method(getattr(operator, _name), swapped=False))
    if _name in ("add", "sub", "mul", "truediv"):
        setattr(Segments, f"__r{_name}__", _method(getattr(operator, _name), swapped=True))


class SegmentNamespace:
    """A library's functions, which take `Segments` too; joining vectors makes one."""

    def __init__(self, xp: Any) -> None:
        self._xp = xp

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._xp, name)
        if not callable(function) or isinstance(function, type):
            return function

        def either(*args: Any, **options: Any) -> Any:
            if any(isinstance(one, Segments) for one in args):
                return _each(lambda *pieces: function(*pieces, **options), *args)
            return function(*args, **options)

        return either

    def concat(self, parts: Sequence[Any], axis: int = 0) -> Any:
        """Vectors become pieces; matrices are joined."""
        if parts[0].ndim != 1:
            return self._xp.concat(parts, axis=axis)
        pieces = [
            p for part in parts for p in (part.pieces if isinstance(part, Segments) else [part])
        ]
        return Segments(pieces)


def boundaries(graph: Graph) -> list[int]:
    """Where the vectors of a recorded step's state are cut, from 0 to their length."""
    ends = {0, graph.state[0].size}
    vectors = [one for one in graph.state if one.size == graph.state[0].size]
    for node in graph.nodes:
        if node.op == "slice" and node.args[0] in vectors:
            ends.update((node.option[0].start or 0, node.option[0].stop or node.args[0].size))
    return sorted(ends)
