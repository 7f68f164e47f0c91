"""Arrays whose rows are the samples of a mini-batch, in parts, some of them on other ranks.

The functions of a step know nothing of it: what they compute of each sample is computed part by
part, and what they sum over the samples is summed over all parts of all ranks. So normalization
over the mini-batch sees all of it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from ...backends import Array
from ...normalization import widened
from .exchange import Exchange
from .parts import Span, sum_of_parts

__all__ = ["Partitioned", "PartitionedNamespace"]


class Partitioned:
    """The rows of a mini-batch, of which this rank has some parts.

    Parameters
    ----------
    parts : sequence of array, shape (rows, n) each
        Of a rank without samples, one row that counts for nothing: functions of the program's own
        may not know what to do without any.
    m : int
        Rows of all ranks' parts together.
    exchange : Exchange
    """

    __array_ufunc__ = None  # an array of NumPy leaves operators to this class

    def __init__(self, parts: Sequence[Array], m: int, exchange: Exchange) -> None:
        self.parts, self.m, self.exchange = list(parts), m, exchange

    @property
    def shape(self) -> tuple[int, ...]:
        """Of all ranks' parts together."""
        return (self.m, *self.parts[0].shape[1:])

    @property
    def dtype(self) -> Any:
        """Of each part."""
        return self.parts[0].dtype

    @property
    def T(self) -> Transposed:  # noqa: N802 - as of arrays
        """For the product of a transposed array with another."""
        return Transposed(self)

    def each(self, function: Callable[..., Array], *others: Any) -> Partitioned:
        """What a function gives for each part, and for the same part of others."""
        parts = [
            function(
                part, *(one.parts[k] if isinstance(one, Partitioned) else one for one in others)
            )
            for k, part in enumerate(self.parts)
        ]
        return Partitioned(parts, self.m, self.exchange)

    def __getitem__(self, key: Any) -> Partitioned:
        """Some columns of all rows."""
        if not (isinstance(key, tuple) and key[0] in (slice(None), Ellipsis)):
            raise TypeError(f"rows in parts have no {key!r}: all of them, [:, columns], can be had")
        return self.each(lambda part: part[key])

    def __matmul__(self, other: Array) -> Partitioned:
        return self.each(operator.matmul, other)

    def __neg__(self) -> Partitioned:
        return self.each(operator.neg)

    def summed(self, function: Callable[[int], Array]) -> Array:
        """The sum over all ranks' parts of what a function gives for the k-th of this rank's.

        Of float16 and bfloat16 it is rounded once, in the end, as that of a whole mini-batch is.
        """
        sizes, xp = self.exchange.sizes(self.m), self.exchange.xp
        places = {k: place for place, k in enumerate(k for k in self.exchange.own if sizes[k])}

        def node(span: Span) -> Array:
            return sum_of_parts(span, sizes, lambda one: widened(function(places[one[0]]), xp))

        def zeros() -> Array:
            return xp.zeros_like(widened(function(0), xp))

        return xp.astype(self.exchange.sum(self.m, node, zeros), self.dtype, copy=False)


def _operator(function: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    def forward(self: Partitioned, other: Any) -> Partitioned:
        return self.each(function, other)

    def reflected(self: Partitioned, other: Any) -> Partitioned:
        return self.each(lambda part, one: function(one, part), other)

    return forward, reflected


for _name in ("add", "sub", "mul", "truediv"):
    _function = getattr(operator, f"__{_name}__")
    _forward, _reflected = _operator(_function)
    setattr(Partitioned, f"__{_name}__", _forward)
    setattr(Partitioned, f"__r{_name}__", _reflected)


class Transposed:
    """A transposed `Partitioned`, whose product with another is a sum over the samples."""

    def __init__(self, array: Partitioned) -> None:
        self._array = array

    def __matmul__(self, other: Partitioned) -> Array:
        left, right = self._array.parts, other.parts
        return self._array.summed(lambda k: left[k].T @ right[k])


class PartitionedNamespace:
    """A namespace whose functions also take `Partitioned` arrays.

    Parameters
    ----------
    xp : namespace
    first : sequence of int
        Number of the first sample of each of this rank's parts, within the mini-batch.

    Attributes
    ----------
    of_parts : namespace
        ``xp``, for functions of a part.
    """

    def __init__(self, xp: Any, first: Sequence[int]) -> None:
        self.of_parts, self._first = xp, first

    def __getattr__(self, name: str) -> Any:
        function = getattr(self.of_parts, name)
        if isinstance(function, type) or not callable(function):  # dtypes among them
            return function

        def over_parts(*arguments: Any, **options: Any) -> Any:
            whole = next((one for one in arguments if isinstance(one, Partitioned)), None)
            if whole is None:
                return function(*arguments, **options)
            parts = [
                function(
                    *(one.parts[k] if isinstance(one, Partitioned) else one for one in arguments),
                    **options,
                )
                for k in range(len(whole.parts))
            ]
            return Partitioned(parts, whole.m, whole.exchange)

        return over_parts

    def sum(self, x: Any, *, axis: int | None = None, keepdims: bool = False) -> Any:
        """As the standard's; along the first axis, over the samples of all ranks."""
        if not isinstance(x, Partitioned):
            return self.of_parts.sum(x, axis=axis, keepdims=keepdims)
        if axis == 0:
            return x.summed(lambda k: self.of_parts.sum(x.parts[k], axis=0, keepdims=keepdims))
        return x.each(lambda part: self.of_parts.sum(part, axis=axis, keepdims=keepdims))

    def keep_mask(self, x: Partitioned, probability: float, key: Any, first: int) -> Partitioned:
        """The mask of a layer's activations; each part has the rows that are its own."""
        return self._drawn(self.of_parts.keep_mask, x, first, probability, key)

    def normal(self, x: Partitioned, key: Any, first: int) -> Partitioned:
        """Normal noise for samples; each part has the rows that are its own."""
        return self._drawn(self.of_parts.normal, x, first, key)

    def _drawn(
        self, draw: Callable[..., Array], x: Partitioned, first: int, *given: Any
    ) -> Partitioned:
        parts = [
            draw(part, *given, first + start)
            for part, start in zip(x.parts, self._first, strict=True)
        ]
        return Partitioned(parts, x.m, x.exchange)
