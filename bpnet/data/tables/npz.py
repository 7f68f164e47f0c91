"""Tables in NPZ files: an array per column, or a matrix of several."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..wording import count
from .cell_parsing import as_text
from .table import Table, check_column_names

__all__ = ["read_npz"]

# What NumPy lets through from a damaged, encrypted or forged archive.
_DAMAGE = (ValueError, EOFError, MemoryError, RuntimeError, zipfile.BadZipFile, zlib.error)


def read_npz(path: Path, text: Collection[str]) -> Table:
    """Columns of a file by name; those named in ``text`` as text whatever they look like.

    Raises
    ------
    ValueError
        If the file is damaged, has no rows, arrays of different lengths or of objects.
    """
    arrays = _npz_arrays(path)
    columns = [pair for name, array in arrays.items() for pair in _split_columns(name, array)]
    if not columns:
        raise ValueError(f"{path}: the file has no columns")
    check_column_names(path, [name for name, _ in columns])
    first, values = columns[0]
    for name, column in columns:
        if len(column) != len(values):
            raise ValueError(
                f"{path}: {name!r} has {len(column)} rows, {first!r} has {len(values)}"
            )
    if not len(values):
        raise ValueError(f"{path}: {count(len(columns), 'column')}, but no rows")
    return {
        name: as_text(column) if name in text or column.dtype.kind in "bU" else column
        for name, column in columns
    }


def _npz_arrays(path: Path) -> dict[str, NDArray[Any]]:
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path}: not an NPZ file")
    arrays = {}
    with np.load(path, allow_pickle=False) as file:
        for name in file.files:
            try:
                array = file[name]
            except _DAMAGE as error:
                raise ValueError(
                    f"{path}: cannot read array {name!r} ({error}); objects must be saved "
                    "as numbers, or as text of dtype str"
                ) from None
            if not isinstance(array, np.ndarray) or array.ndim == 0:
                raise ValueError(f"{path}: {name!r} is a single value, expected a column")
            if array.dtype.kind not in "biufUM":
                raise ValueError(
                    f"{path}: array {name!r} holds {array.dtype}, neither numbers nor text"
                )
            arrays[name] = array.astype(np.str_) if array.dtype.kind == "M" else array
    return arrays


def _split_columns(name: str, array: NDArray[Any]) -> Iterable[tuple[str, NDArray[Any]]]:
    name = "x" if name == "X" else name
    flat = array.reshape(len(array), -1) if array.size else array
    if array.ndim == 1 or flat.shape[1] == 1:
        return [(name, flat.reshape(-1))]
    return [(f"{name}{j}", flat[:, j]) for j in range(flat.shape[1])]
