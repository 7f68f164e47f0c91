"""One array of a kernel: its type, its name in the source, and where its elements lie."""

from __future__ import annotations

import operator

from ...._lib.frozen import Frozen
from .types import COMPUTED, STORED

__all__ = ["PlacedArray", "placed_array"]


class PlacedArray(Frozen):
    """An array of a kernel, with the shape and strides that its code is made for.

    Attributes
    ----------
    dtype : str
    name : str
        Of the part that a thread holds.
    shape, strides : tuple of int
        Of as many axes as the largest array has; strides in elements, 0 along repeated axes.
    """

    dtype: str
    name: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def pointer(self) -> str:
        """Name of the address of the first element."""
        return f"at_{self.name}"

    @property
    def stored(self) -> str:
        """C type of an element in memory."""
        return STORED[self.dtype]

    @property
    def computed(self) -> str:
        """C type that a thread computes in."""
        return COMPUTED[self.dtype]

    @property
    def is_converted(self) -> bool:
        """Whether a thread computes in another type than the one in memory."""
        return self.computed != self.stored

    @property
    def reach(self) -> int:
        """A bound on the offset of every element."""
        return sum(map(operator.mul, self.shape, self.strides))

    def read(self, expression: str) -> str:
        """A stored element, converted to the type that a thread computes in."""
        return f"wide({expression})" if self.is_converted else expression

    def written(self, expression: str) -> str:
        """A computed number, converted to the type in memory."""
        return f"narrow({expression})" if self.is_converted else expression

    def element(self, shape: tuple[int, ...]) -> str:
        """Element ``i``, counted in C order over ``shape``."""
        return f"{self.pointer}[{self._offset(shape)}]"

    def _offset(self, shape: tuple[int, ...]) -> str:
        terms, inner = [], 1
        in_order = True
        for axis in range(len(shape) - 1, -1, -1):
            n, step = shape[axis], self.strides[axis]
            in_order &= n == 1 or step == inner
            if step and n > 1:
                count = "i" if inner == 1 else f"i / {inner}"
                terms.append(f"{count} % {n} * {step}" if axis else f"{count} * {step}")
            inner *= n
        return "i" if in_order else " + ".join(terms) or "0"


def placed_array(
    dtype: str, name: str, shape: tuple[int, ...], strides: tuple[int, ...], ndim: int
) -> PlacedArray:
    """An array, broadcast to so many axes."""
    missing = ndim - len(shape)
    shape = (*(1,) * missing, *shape)
    steps = (*(0,) * missing, *strides)
    strides = tuple(0 if n == 1 else step for n, step in zip(shape, steps, strict=True))
    return PlacedArray(dtype, name, shape, strides)
