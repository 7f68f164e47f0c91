"""IDX files, in which MNIST is distributed, memory-mapped."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._lib.files import as_path, check_regular_file
from ..idx import GZIP_MAGIC, read_idx_header
from .base import Empty, Rows, Source
from .mapped_array import MappedArray
from .pairs import check_pair

__all__ = ["IdxSource", "map_idx"]


class IdxSource(Source):
    """Images in one IDX file and labels in another, both uncompressed and memory-mapped.

    Parameters
    ----------
    images : str or path
        Of shape (m, ...); further dimensions are laid flat.
    labels : str or path
        Of shape (m,) or (m, k).
    scale : float, optional
        What the values of images are multiplied by, in float32; as by ``scale=1/255``, which gives
        the values that `load_mnist` gives.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If one is damaged, compressed or no IDX file, or if numbers of rows differ.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from bpnet.data import IdxSource
    >>> folder = tempfile.TemporaryDirectory()
    >>> x, y = pathlib.Path(folder.name, "images"), pathlib.Path(folder.name, "labels")
    >>> _ = x.write_bytes(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 51, 102, 255]))
    >>> _ = y.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 4]))
    >>> with IdxSource(x, y, scale=1 / 255) as rows:
    ...     rows.read(0, 2)
    (array([[0. , 0.2],
           [0.4, 1. ]], dtype=float32), array([7, 4], dtype=uint8))
    >>> folder.cleanup()
    """

    def __init__(
        self,
        images: str | os.PathLike[str],
        labels: str | os.PathLike[str],
        *,
        scale: float | None = None,
    ) -> None:
        self._x, self._y = map_idx(as_path(images, "images")), map_idx(as_path(labels, "labels"))
        check_pair(self._x, self._y, str(images), str(labels))
        self.name = os.fsdecode(images)
        self.width = math.prod(self._x.shape[1:])
        self._scale = None if scale is None else float(scale)
        self._divisor = _divisor(self._scale)

    def __len__(self) -> int:
        return self._x.shape[0]

    def read(self, start: int, stop: int) -> Rows:
        return self._scaled(self._x.rows(start, stop)), self._y.rows(start, stop)

    def gather(self, runs: Sequence[tuple[int, int]], rows: int, empty: Empty = np.empty) -> Rows:
        x = self._scaled(self._x.gather(runs, rows, empty), empty)
        return x, self._y.gather(runs, rows, empty)

    def _scaled(self, images: NDArray[Any], empty: Empty = np.empty) -> NDArray[Any]:
        x = images.reshape(len(images), -1)
        if self._scale is None:
            return x
        room = empty(x.shape, np.dtype(np.float32))
        if self._divisor:
            np.divide(x, self._divisor, room, dtype=np.float32, casting="unsafe")
        else:
            np.multiply(x, self._scale, room, dtype=np.float32, casting="unsafe")
        return room

    def close(self) -> None:
        self._x.close()
        self._y.close()


def _divisor(scale: float | None) -> int | None:
    """255 of 1/255, which is no float itself: a quotient by it is rounded once."""
    if scale is None or not 2**-24 < scale <= 1.0:
        return None
    divisor = round(1.0 / scale)
    return divisor if abs(scale * divisor - 1.0) < 1e-9 else None


def map_idx(path: Path) -> MappedArray:
    """The array in a file; only the rows that are read use memory."""
    check_regular_file(path)
    with path.open("rb") as file:
        if file.read(2) == GZIP_MAGIC:
            raise ValueError(
                f"{path}: compressed, and so not to be read in pieces; uncompress it first, as by "
                f"gunzip --keep {path}"
            )
        file.seek(0)
        dtype, shape = read_idx_header(path, file)
        offset, size = file.tell(), path.stat().st_size
    promised = math.prod(shape) * dtype.itemsize
    if size != offset + promised:
        raise ValueError(
            f"{path}: the header promises {promised} bytes for shape {shape}, "
            f"the file has {size - offset}"
        )
    return MappedArray(path, dtype, shape, offset)
