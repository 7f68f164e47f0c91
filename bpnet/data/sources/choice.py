"""Which source suits what a person has."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..._lib.files import as_path
from ..._lib.wording import listing
from .arrays import ArraySource
from .base import Source
from .csv import CsvSource
from .datasets import dataset_source, is_dataset
from .idx import IdxSource
from .npy import NpySource
from .parquet import ParquetSource
from .sequence import SequenceSource

__all__ = ["source"]

_TABLES: dict[str, type[CsvSource] | type[ParquetSource]] = {
    ".csv": CsvSource,
    ".tsv": CsvSource,
    ".txt": CsvSource,
    ".parquet": ParquetSource,
    ".pq": ParquetSource,
}


def source(
    data: Any, *, target: str | Sequence[str] | None = None, max_bytes: int | None = None
) -> Source:
    """The source that suits what a person has.

    Parameters
    ----------
    data : object
        A path of a table (``.csv``, ``.tsv``, ``.txt``, ``.parquet``, ``.pq``); a pair (x, y) of
        paths, of NPY files by their names and of IDX files otherwise; a pair of arrays or of what
        is cut like them; a sequence of samples, which has a length and items; a dataset of
        PyTorch; or a source.
    target : str or sequence of str, optional
        What to predict from the other columns of a table.
    max_bytes : int, optional
        As for `CsvSource` and `ParquetSource`.

    Returns
    -------
    Source

    Raises
    ------
    TypeError
        If no source suits.
    ValueError
        If a table comes without a target, its format is unknown, or as the source itself.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.data import source
    >>> source((np.zeros((5, 2)), np.zeros(5)))
    ArraySource(arrays, 5 rows)
    >>> source([([0.0, 1.0], 1), ([2.0, 3.0], 0)])
    SequenceSource(list, 2 rows)
    """
    if isinstance(data, Source):
        return data
    if isinstance(data, str | bytes | os.PathLike):
        return _table(as_path(data), target, max_bytes)
    if target is not None:
        raise ValueError(
            f"target names a column of a CSV or Parquet file, but the data are a "
            f"{type(data).__name__}: leave target out"
        )
    if isinstance(data, tuple) and len(data) == 2:
        x, y = data
        if all(isinstance(one, str | bytes | os.PathLike) for one in data):
            npy = as_path(x).suffix.lower() in (".npy", ".npz")  # an archive is refused by name
            return NpySource(x, y) if npy else IdxSource(x, y)
        if all(hasattr(one, "shape") for one in data):
            return ArraySource(x, y)
    if is_dataset(data):
        return dataset_source(data)
    if hasattr(data, "__len__") and hasattr(data, "__getitem__"):
        return SequenceSource(data)
    if hasattr(data, "__iter__") or callable(data):
        raise TypeError(
            "an iterable is read by IterableSource(make, samples): make() is called for every epoch"
        )
    raise TypeError(
        f"data of type {type(data).__name__} cannot be read as a source: give a path, a pair "
        "(x, y) of arrays or of paths, or a sequence of pairs"
    )


def _table(path: Path, target: str | Sequence[str] | None, max_bytes: int | None) -> Source:
    suffix = path.suffix.lower()
    if suffix not in _TABLES:
        raise ValueError(
            f"{path}: cannot be read in pieces; tables that can are {listing(_TABLES)}"
        )
    if target is None:
        raise ValueError(f"{path}: name the column to predict, as target=...")
    return _TABLES[suffix](path, target, max_bytes=max_bytes)
