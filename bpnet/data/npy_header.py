"""The header of an array in NumPy's format NPY."""

from __future__ import annotations

import math
from typing import IO, Any, NamedTuple

import numpy as np

from .._lib.wording import shown
from .damage import damage_named

__all__ = ["NPY_MAGIC", "NpyHeader", "read_npy_header"]

NPY_MAGIC = b"\x93NUMPY"
_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_LARGEST_SIZE = np.iinfo(np.intp).max


class NpyHeader(NamedTuple):
    """What an array is.

    Attributes
    ----------
    dtype : dtype
        Of any byte order.
    shape : tuple of int
    columns_first : bool
        Whether the entries lie in Fortran's order.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    columns_first: bool

    @property
    def size(self) -> int:
        """Number of entries."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all entries."""
        return self.size * self.dtype.itemsize


def read_npy_header(file: IO[bytes], place: str) -> NpyHeader:
    """Read the header of an array that follows in an open file.

    Nothing of it is executed, and no room is made for the array.

    Parameters
    ----------
    file : binary file
        At the beginning of the array; left behind the header.
    place : str
        How messages name it.

    Raises
    ------
    ValueError
        If it is no header, or one of an array of Python objects.
    """
    # The parsers of Python's literals and of dtypes raise whatever they meet.
    with damage_named(f"{place}: damaged header"):
        version = np.lib.format.read_magic(file)
        if version not in _READERS:  # 3.0, which NumPy needs for names of fields alone
            raise ValueError(
                f"version {version[0]}.{version[1]} of the format, expected 1.0 or 2.0"
            )
        shape, columns_first, dtype = _READERS[version](file)
        sizes = tuple(int(size) for size in shape)
    if dtype.hasobject:
        raise ValueError(
            f"{place}: holds Python objects, which are never loaded; save numbers, or text of "
            "dtype str"
        )
    header = NpyHeader(dtype, sizes, columns_first)
    if min(sizes, default=0) < 0 or max(*sizes, header.nbytes, 0) > _LARGEST_SIZE:
        raise ValueError(f"{place}: damaged header (its shape is {shown(sizes)})")
    return header
