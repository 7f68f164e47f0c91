"""The samples of a file, some rows at a time, as a network was trained on them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._lib.files import check_regular_file
from ..data import Preprocessing, read_idx, read_table_parts
from ..data.idx import GZIP_MAGIC
from ..data.sources.idx import map_idx
from ..data.sources.npy import map_npy
from ..data.tables.reading.parts import read_table_parts_with
from ..network import Network
from .errors import UsageError

__all__ = ["is_array_file", "read_array", "samples"]

_ROWS, _VALUES = 8192, 2**20  # of a block that is cut from an array, at most


def samples(
    net: Network, path: Path, target: str | None, max_bytes: int | None
) -> Iterator[NDArray[Any]]:
    """Blocks of the samples in a file, each of shape (m, n_0).

    Parameters
    ----------
    net : Network
        Whose metadata say how samples became its inputs.
    path : Path
    target : str or None
        A column to leave out, where it is there.
    max_bytes : int or None
        As for `read_table`.

    Raises
    ------
    UsageError, ValueError, OSError
        If there is no such file, it is damaged, or does not suit the network.
    """
    known = net.metadata.get("preprocessing")
    if known is not None:
        preprocessing = Preprocessing.from_dict(known)
        parts = read_table_parts_with(path, preprocessing.read_options(max_bytes))
        kept = (part.select(name for name in part if name != target) for part in parts)
        return _named(path, preprocessing.transform_parts(kept))
    blocks = _blocks(net, path, target, max_bytes)
    maximum = net.metadata.get("pixel_maximum")
    # Pixels that are whole numbers are divided by the largest; fractions are scaled already.
    if maximum is None or any(block.dtype.kind == "f" for block in blocks()):
        return _finite(net, path, blocks())
    warnings.warn(
        f"pixels are whole numbers, and are divided by {maximum} as in training", stacklevel=2
    )
    return (np.divide(block, maximum, dtype=np.float32) for block in blocks())


def _named(path: Path, blocks: Iterator[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """The same blocks; what is wrong with a column is told with the file that it is in."""
    try:
        yield from blocks
    except ValueError as error:
        told = str(error)
        raise ValueError(told if told.startswith(str(path)) else f"{path}: {told}") from error


def _blocks(
    net: Network, path: Path, target: str | None, max_bytes: int | None
) -> Callable[[], Iterator[NDArray[Any]]]:
    """What begins to read a file: an array of samples, or a table."""
    if is_array_file(path):
        array = read_array(path, max_bytes)
        _check_width(net, path, array.size // max(len(array), 1), "values per sample", "")
        return lambda: _cut(array)
    return lambda: _columns(net, path, target, max_bytes)


def is_array_file(path: Path) -> bool:
    """Whether its name is that of an IDX or NPY file."""
    return "-ubyte" in path.name or path.suffix.lower() == ".npy"


def read_array(path: Path, max_bytes: int | None) -> NDArray[Any]:
    """The array in an IDX or NPY file.

    Where it is not compressed, only the rows that are read use memory.
    """
    check_regular_file(path)
    with path.open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    if packed:
        array = read_idx(path, max_bytes=max_bytes)
    else:
        mapped = (map_npy if path.suffix.lower() == ".npy" else map_idx)(path)
        if mapped.dtype.kind not in "biuf":
            raise UsageError(f"{path}: holds {mapped.dtype}, expected numbers")
        array = mapped.rows(0, mapped.shape[0]) if mapped.shape else np.empty(())
    if not array.ndim or not len(array):
        raise UsageError(f"{path}: an array of shape {array.shape}, expected one sample per row")
    return array


def _cut(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    rows = max(1, min(_ROWS, _VALUES * len(array) // max(array.size, 1)))
    for start in range(0, len(array), rows):
        part = array[start : start + rows]
        yield part.reshape(len(part), -1)


def _columns(
    net: Network, path: Path, target: str | None, max_bytes: int | None
) -> Iterator[NDArray[Any]]:
    """The columns of a table side by side: those of the features' names, or all of them."""
    features = net.metadata.get("features", ())
    for number, table in enumerate(read_table_parts(path, max_bytes=max_bytes)):
        if not number:
            if not features or not all(name in table for name in features):
                others = ("", target, net.metadata.get("target"))
                features = [name for name in table if name not in others]
            hint = "; --target COLUMN leaves one out" if len(features) > net.sizes[0] else ""
            _check_width(net, path, len(features), "columns", hint)
        for name in features:
            if table[name].dtype == np.object_:
                raise UsageError(f"{path}: column {name!r} holds text, expected numbers")
        yield np.column_stack([table[name] for name in features])


def _check_width(net: Network, path: Path, width: int, what: str, hint: str) -> None:
    if width != net.sizes[0]:
        raise UsageError(f"{path}: {width} {what}, but the network has {net.sizes[0]} inputs{hint}")


def _finite(net: Network, path: Path, blocks: Iterator[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """The same blocks; raises naming the first value that the network cannot take."""
    before = 0
    for block in blocks:
        with np.errstate(over="ignore"):
            usable = np.isfinite(block.astype(net.dtype))
        if not usable.all():
            row, column = np.argwhere(~usable)[0]
            raise UsageError(
                f"{path}, row {before + row + 1}, column {column + 1} of the features: "
                f"{block[row, column]}, expected a number that is finite in {net.dtype}"
            )
        before += len(block)
        yield block
