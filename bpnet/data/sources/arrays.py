"""Arrays that are cut by slices, whoever keeps them."""

from __future__ import annotations

import math
from typing import Any

from ...backends.host_arrays import host_array
from .base import Rows, Source
from .pairs import check_pair

__all__ = ["ArraySource"]


class ArraySource(Source):
    """Samples in anything with ``shape``, ``dtype`` and ``x[start:stop]``.

    So in datasets of h5py and Zarr, memory-mapped and plain arrays, tensors on the CPU.

    Parameters
    ----------
    x : array-like, shape (m, ...)
        Further dimensions are laid flat.
    y : array-like, shape (m,) or (m, k)
    name : str, optional
        What messages call it.

    Raises
    ------
    ValueError
        If numbers of rows differ, or there are none.
    TypeError
        If either holds no real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.data import ArraySource
    >>> rows = ArraySource(np.zeros((5, 2, 3)), np.arange(5))
    >>> x, y = rows.read(1, 3)
    >>> x.shape, y
    ((2, 6), array([1, 2]))
    """

    def __init__(self, x: Any, y: Any, name: str = "arrays") -> None:
        x, y = _with_shape(x, "x"), _with_shape(y, "y")
        check_pair(x, y, "x", "y")
        self._x, self._y, self.name = x, y, name
        self.width = math.prod(x.shape[1:])

    def __len__(self) -> int:
        return int(self._x.shape[0])

    def read(self, start: int, stop: int) -> Rows:
        x = host_array(self._x[start:stop], f"{self.place(start, stop)}: x")
        y = host_array(self._y[start:stop], f"{self.place(start, stop)}: y")
        return x.reshape(x.shape[0], -1), y


def _with_shape(array: Any, name: str) -> Any:
    """The array itself, or one made of a list or a table."""
    known = hasattr(array, "shape") and hasattr(array, "dtype")
    return array if known else host_array(array, name)
