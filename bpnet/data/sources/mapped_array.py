"""An array in a file, of which only what is read comes to memory."""

from __future__ import annotations

import math
import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .base import Empty

__all__ = ["MappedArray"]


class MappedArray:
    """Rows of an array that lies in a file as it would in memory.

    Parameters
    ----------
    path : Path
    dtype : dtype
        As in the file, of any byte order.
    shape : tuple of int
    offset : int
        Where in the file it begins.
    columns_first : bool, optional
        Whether it lies there in Fortran's order.
    """

    def __init__(
        self,
        path: Path,
        dtype: np.dtype[Any],
        shape: tuple[int, ...],
        offset: int,
        *,
        columns_first: bool = False,
    ) -> None:
        self.path, self.dtype, self.shape = path, dtype, shape
        self._offset, self._columns_first = offset, columns_first
        self._size = offset + math.prod(shape) * dtype.itemsize
        with path.open("rb") as file:
            self._map: mmap.mmap | None = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._check_size(self._map)
        try:
            self._view(self._map)
        except ValueError as error:  # of too many dimensions, or sizes that overflow beside a zero
            raise ValueError(f"{path}: no array can have the shape {shape} ({error})") from None

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Rows as a view of the file, shape (stop - start, ...)."""
        return self._whole([(start, stop)])[start:stop]

    def gather(
        self, runs: Sequence[tuple[int, int]], rows: int, empty: Empty = np.empty
    ) -> NDArray[Any]:
        """Runs of rows in an array of so many rows, filled up with the first.

        In a single call of NumPy, as a thread that reads while another computes holds that one up
        each time it asks for the interpreter.
        """
        whole = self._whole(runs)
        numbers = np.full(rows, runs[0][0], np.intp)
        at = 0
        for start, stop in runs:
            numbers[at : at + stop - start] = np.arange(start, stop)
            at += stop - start
        if not (whole.flags.c_contiguous and whole.flags.aligned and self.dtype.isnative):
            # `take` would first copy all of an array that lies otherwise.
            return whole[numbers].astype(self.dtype.newbyteorder("="), copy=False)
        room = empty((rows, *self.shape[1:]), self.dtype)
        return whole.take(numbers, axis=0, out=room, mode="clip")

    def close(self) -> None:
        """Let go of the file, or leave that to the last view of it."""
        self._map = None  # closed by itself; `close` would take it from under an array

    def _check_size(self, there: mmap.mmap) -> None:
        if (size := there.size()) < self._size:
            raise ValueError(
                f"{self.path}: the header promises {self._size} bytes with shape {self.shape}, "
                f"the file has {size}"
            )

    def _whole(self, runs: Sequence[tuple[int, int]]) -> NDArray[Any]:
        """All of the file's array as a view, of which some rows are about to be read."""
        if self._map is None:
            raise ValueError(f"{self.path}: the source is closed")
        self._check_size(self._map)  # to read what is no longer there would end the process
        # So that it comes at once, not page after page.
        if not self._columns_first and hasattr(self._map, "madvise"):
            row = self.dtype.itemsize * math.prod(self.shape[1:])
            for start, stop in runs:
                first = (self._offset + start * row) // mmap.PAGESIZE * mmap.PAGESIZE
                self._map.madvise(mmap.MADV_WILLNEED, first, self._offset + stop * row - first)
        return self._view(self._map)

    def _view(self, there: mmap.mmap) -> NDArray[Any]:
        order: Literal["F", "C"] = "F" if self._columns_first else "C"
        return np.ndarray(self.shape, self.dtype, there, self._offset, order=order)
