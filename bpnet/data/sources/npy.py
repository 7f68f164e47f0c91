"""Arrays in NumPy's files, memory-mapped."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..._lib.files import as_path, check_regular_file
from ..npy_header import NPY_MAGIC, read_npy_header
from .base import Empty, Rows, Source
from .mapped_array import MappedArray
from .pairs import check_pair

__all__ = ["NpySource", "map_npy"]

_ZIP = b"PK"


class NpySource(Source):
    """Samples in one NPY file and their targets in another, both memory-mapped.

    What is read of them lies in the system's file cache, which it shrinks when memory is short.

    Parameters
    ----------
    x : str or path
        Of an array of shape (m, ...); further dimensions are laid flat. Rows are read fastest from
        an array in C's order, as ``numpy.save`` writes all but transposed ones.
    y : str or path
        Of an array of shape (m,), as of class indices, or (m, k).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If one is damaged or no NPY file, or if numbers of rows differ.
    TypeError
        If one holds no real numbers.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from bpnet.data import NpySource
    >>> folder = tempfile.TemporaryDirectory()
    >>> x, y = pathlib.Path(folder.name, "x.npy"), pathlib.Path(folder.name, "y.npy")
    >>> np.save(x, np.eye(3)), np.save(y, np.arange(3))
    (None, None)
    >>> with NpySource(x, y) as rows:
    ...     [part.tolist() for part in rows.read(1, 3)]
    [[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [1, 2]]
    >>> folder.cleanup()
    """

    def __init__(self, x: str | os.PathLike[str], y: str | os.PathLike[str]) -> None:
        self._x, self._y = map_npy(as_path(x, "x")), map_npy(as_path(y, "y"))
        check_pair(self._x, self._y, str(x), str(y))
        self.name = os.fsdecode(x)
        self.width = math.prod(self._x.shape[1:])

    def __len__(self) -> int:
        return self._x.shape[0]

    def read(self, start: int, stop: int) -> Rows:
        return self._x.rows(start, stop).reshape(stop - start, -1), self._y.rows(start, stop)

    def gather(self, runs: Sequence[tuple[int, int]], rows: int, empty: Empty = np.empty) -> Rows:
        x = self._x.gather(runs, rows, empty).reshape(rows, -1)
        return x, self._y.gather(runs, rows, empty)

    def close(self) -> None:
        self._x.close()
        self._y.close()


def map_npy(path: Path) -> MappedArray:
    """The array in a file; only the rows that are read use memory."""
    check_regular_file(path)
    with path.open("rb") as file:
        magic = file.read(len(NPY_MAGIC))
        if magic.startswith(_ZIP):
            raise ValueError(
                f"{path}: the arrays of an NPZ archive cannot be read in pieces; save x and y by "
                "numpy.save, each in a file of its own"
            )
        if magic != NPY_MAGIC:
            raise ValueError(
                f"{path}: not an NPY file: it begins with {magic.hex(' ') or 'nothing'}"
            )
        file.seek(0)
        header = read_npy_header(file, str(path))
        offset = file.tell()
    return MappedArray(path, header.dtype, header.shape, offset, columns_first=header.columns_first)
