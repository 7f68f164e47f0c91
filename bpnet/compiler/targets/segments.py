"""A flat vector carried as consecutive pieces, for a compiler that slices and joins slowly.

XLA copies a vector of all parameters at each slice and each concatenation of a step. Carried as one
array per layer, with the same operations on each, the step is as fast as one written for a tree of
arrays; its source still says theta.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...backends import Array

__all__ = ["ELEMENTWISE", "SegmentNamespace", "Segments"]

_UNARY = "abs acos acosh asin asinh atan atanh ceil cos cosh erf exp expm1 floor isfinite isinf"
_UNARY += " isnan log log1p log2 log10 logical_not negative positive quick_sigmoid reciprocal round"
_UNARY += " sigmoid sign signbit sin sinh sqrt square tan tanh trunc"
_BINARY = "add atan2 copysign divide equal floor_divide greater greater_equal hypot less less_equal"
_BINARY += " logaddexp logical_and logical_or logical_xor maximum minimum multiply nextafter"
_BINARY += " not_equal pow remainder subtract"
_OTHER = "astype clip full_like ones_like where zeros_like"
ELEMENTWISE = frozenset(f"{_UNARY} {_BINARY} {_OTHER}".split())
"""Functions of which each piece of the result depends on the same pieces of the arguments alone."""


class Segments:
    """A vector as consecutive pieces; arithmetic goes piece by piece.

    Parameters
    ----------
    pieces : sequence of array
        One dimension each.

    Attributes
    ----------
    ends : tuple of int
        Where pieces begin and end: from 0 to the length of the vector.
    """

    def __init__(self, pieces: Sequence[Array]) -> None:
        self.pieces = tuple(pieces)

    @functools.cached_property
    def ends(self) -> tuple[int, ...]:
        return 0, *itertools.accumulate(piece.shape[0] for piece in self.pieces)

    @property
    def size(self) -> int:
        return self.ends[-1]

    @property
    def shape(self) -> tuple[int]:
        return (self.size,)

    @property
    def ndim(self) -> int:
        return 1

    @property
    def dtype(self) -> Any:
        return self.pieces[0].dtype

    def cut(self, ends: Iterable[int]) -> Segments:
        """The same vector, with pieces that end at all of ``ends`` too."""
        ends = sorted({*self.ends, *ends})
        pieces = []
        for piece, (start, stop) in zip(self.pieces, itertools.pairwise(self.ends), strict=True):
            inner = ends[bisect.bisect_left(ends, start) : bisect.bisect_right(ends, stop)]
            if len(inner) == 2:
                pieces.append(piece)
            else:
                pieces += [piece[i - start : j - start] for i, j in itertools.pairwise(inner)]
        return Segments(pieces)

    def __getitem__(self, part: slice) -> Any:
        start, stop, stride = part.indices(self.size)
        if stride != 1:
            raise TypeError(f"a vector of pieces cannot be sliced with stride {stride}")
        if start >= stop:
            return self.pieces[0][:0]
        whole = self.cut((start, stop))
        pieces = whole.pieces[whole.ends.index(start) : whole.ends.index(stop)]
        return pieces[0] if len(pieces) == 1 else Segments(pieces)

    def joined(self, ends: Sequence[int], concat: Callable[..., Array]) -> Segments:
        """The same vector, with pieces that end at ``ends`` and nowhere else."""
        cut = self.cut(ends)
        if cut.ends == tuple(ends):
            return cut
        parts = (cut[start:stop] for start, stop in itertools.pairwise(ends))
        return Segments([concat(p.pieces) if isinstance(p, Segments) else p for p in parts])

    def __neg__(self) -> Segments:
        return _piecewise(operator.neg, self)

    def __abs__(self) -> Segments:
        return _piecewise(abs, self)

    __hash__ = object.__hash__  # as == is an operation


def _piecewise(function: Callable[..., Array], *args: Any) -> Segments:
    """A function's result for each piece; numbers take part in all, vectors are cut alike."""
    shapes = set(map(_shape_of, args)) - {()}
    shapes = shapes - {(1,)} or shapes
    if len(shapes) > 1 or len(min(shapes)) > 1:
        raise TypeError(f"a vector in pieces meets another shape: {sorted(shapes)}")
    (shape,) = shapes
    vectors = [_as_segments(one) if _shape_of(one) == shape else None for one in args]
    ends = sorted({end for one in vectors if one is not None for end in one.ends})
    aligned: list[Sequence[Any]] = []
    for one, vector in zip(args, vectors, strict=True):
        number = one.pieces[0] if isinstance(one, Segments) else one
        aligned.append([number] * (len(ends) - 1) if vector is None else vector.cut(ends).pieces)
    return Segments([function(*pieces) for pieces in zip(*aligned, strict=True)])


def _shape_of(argument: Any) -> tuple[int, ...]:
    """The shape of an array; that of a number, or of a type as an argument, is empty."""
    shape = getattr(argument, "shape", ())
    return shape if isinstance(shape, tuple) else ()


def _as_segments(vector: Any) -> Segments:
    return vector if isinstance(vector, Segments) else Segments([vector])


def _method(function: Callable[..., Array], swapped: bool) -> Callable[[Segments, Any], Segments]:
    def method(self: Segments, other: Any) -> Segments:
        return _piecewise(function, *((other, self) if swapped else (self, other)))

    return method


for _name in ("add", "sub", "mul", "truediv", "pow", "gt", "ge", "lt", "le", "eq", "ne"):
    setattr(Segments, f"__{_name}__", _method(getattr(operator, _name), swapped=False))
    if _name in ("add", "sub", "mul", "truediv"):
        setattr(Segments, f"__r{_name}__", _method(getattr(operator, _name), swapped=True))


class SegmentNamespace:
    """A library's functions, of which the elementwise ones and vecdot take `Segments` too.

    Vectors that are joined become pieces. Any other function of `Segments` raises TypeError.
    """

    def __init__(self, xp: Any) -> None:
        self._xp = xp

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._xp, name)
        if not callable(function) or isinstance(function, type):
            return function

        def either(*args: Any, **options: Any) -> Any:
            if not any(isinstance(one, Segments) for one in (*args, *options.values())):
                return function(*args, **options)
            if name not in ELEMENTWISE or not any(isinstance(one, Segments) for one in args):
                raise TypeError(f"{name} of these arguments needs a vector in one piece")
            return _piecewise(lambda *pieces: function(*pieces, **options), *args)

        return either

    def concat(self, parts: Sequence[Any], axis: int = 0) -> Any:
        """Vectors become pieces; matrices are joined."""
        if parts[0].ndim != 1:
            return self._xp.concat(parts, axis=axis)
        pieces = [piece for part in parts for piece in _as_segments(part).pieces]
        return Segments([p for p in pieces if p.shape[0]] or pieces[:1])

    def vecdot(self, x1: Any, x2: Any) -> Any:
        """The sum over pieces."""
        if not isinstance(x1, Segments) and not isinstance(x2, Segments):
            return self._xp.vecdot(x1, x2)
        ends = sorted({*_as_segments(x1).ends, *_as_segments(x2).ends})
        pairs = zip(*(_as_segments(one).cut(ends).pieces for one in (x1, x2)), strict=True)
        return functools.reduce(operator.add, (self._xp.vecdot(*pair) for pair in pairs))

    def reshape(self, x: Any, shape: int | tuple[int, ...]) -> Any:
        """A new shape, for which pieces are joined unless it is that of the vector."""
        if isinstance(x, Segments):
            if shape in (-1, (-1,), x.shape):
                return x
            x = x.pieces[0] if len(x.pieces) == 1 else self._xp.concat(x.pieces)
        return self._xp.reshape(x, shape)
