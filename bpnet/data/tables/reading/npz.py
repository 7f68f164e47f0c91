"""Tables in NPZ files: an array per column, or a matrix of several."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ...._lib.wording import count, shown
from ...damage import damage_named
from ...memory_limit import BYTES_OF_COLUMN, BYTES_OF_TEXT, check_memory, read_up_to
from ...npy_header import NpyHeader, read_npy_header
from ..cell_parsing import as_text, with_marks_missing
from ..table import Table, check_column_names
from .options import ReadOptions
from .values import column_from_array

__all__ = ["read_npz"]

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # NumPy's; others unpack without bounds
_BYTES_OF_DATE = 256  # while it becomes text


def read_npz(path: Path, options: ReadOptions) -> Table:
    """Columns of a file by name.

    Raises
    ------
    ValueError
        If the file is damaged, has no rows, arrays of different lengths or of objects, or takes
        more memory than a file may.
    """
    columns: list[tuple[str, NDArray[Any]]] = []
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError(f"{path}: not an NPZ file")
        with damage_named(f"{path}: not a readable NPZ file"):
            archive = zipfile.ZipFile(file)
        members = archive.infolist()
        needed = sum(_memory(path, archive, member, options.text) for member in members)
        check_memory(path, needed, options.max_bytes, "what is unpacked")
        for member in members:
            name, place = _called(path, member)
            with damage_named(f"{place} cannot be read"), _opened(archive, member) as content:
                array = _array(content, read_npy_header(content, place))
                columns += _columns(name, array, options)
    if not columns:
        raise ValueError(f"{path}: the file has no columns")
    check_column_names(path, [name for name, _ in columns])
    first, values = columns[0]
    for name, column in columns:
        if len(column) != len(values):
            raise ValueError(
                f"{path}: {shown(name)} has {len(column)} rows, {shown(first)} has {len(values)}"
            )
    if not len(values):
        raise ValueError(f"{path}: {count(len(columns), 'column')}, but no rows")
    return Table(columns)


def _called(path: Path, member: zipfile.ZipInfo) -> tuple[str, str]:
    """The name of an array, and how messages about it begin."""
    name = member.filename.removesuffix(".npy")
    return name, f"{path}: array {shown(name)}"


def _opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    if member.compress_type not in _METHODS:
        raise ValueError(
            f"compressed by method {member.compress_type}, expected {_METHODS[0]} or "
            f"{_METHODS[1]}, as NumPy writes"
        )
    return archive.open(member)


def _memory(
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, text: Collection[str]
) -> int:
    """Bytes that the columns of an array take, by its header; raises if it cannot be columns."""
    name, place = _called(path, member)
    with damage_named(f"{place} cannot be read"):
        content = _opened(archive, member)
    with content:
        header = read_npy_header(content, place)
    if not header.shape:
        raise ValueError(f"{place} is a single value, expected a column")
    if header.dtype.kind not in "biufUMm":
        raise ValueError(f"{place} holds {header.dtype}, neither numbers nor text")
    if header.nbytes > member.file_size:
        raise ValueError(
            f"{place}: its header promises {header.nbytes} bytes, the archive {member.file_size} "
            "with the header"
        )
    if header.dtype.kind in "Mm" and name in text:
        each = _BYTES_OF_DATE
    elif name in text or header.dtype.kind == "U":
        each = BYTES_OF_TEXT + 2 * header.dtype.itemsize
    else:
        each = header.dtype.itemsize + 16 * (header.dtype.kind == "b")
    return math.prod(header.shape[1:]) * BYTES_OF_COLUMN + header.size * each


def _array(file: IO[bytes], header: NpyHeader) -> NDArray[Any]:
    """The array behind its header, which may promise more than there is."""
    promised = header.nbytes
    data = read_up_to(file, promised)
    if len(data) < promised:
        raise EOFError(f"its header promises {promised} bytes, {len(data)} are there")
    file.read(1)  # the checksum is compared at the end
    order: Any = "F" if header.columns_first else "C"
    return np.ndarray(header.shape, header.dtype, data, order=order)


def _columns(
    name: str, array: NDArray[Any], options: ReadOptions
) -> list[tuple[str, NDArray[Any]]]:
    """The columns of an array, each with its name."""
    name = "x" if name == "X" else name.strip()
    flat = array.reshape(len(array), -1) if array.size else array
    if array.ndim == 1 or (array.size and flat.shape[1] == 1):
        found = [(name, flat.reshape(-1))]
    else:
        found = [(f"{name}{j}", flat[:, j]) for j in range(math.prod(array.shape[1:]))]
    return [
        (name, with_marks_missing(_converted(column, name in options.text), options.missing))
        for name, column in found
    ]


def _converted(column: NDArray[Any], is_text: bool) -> NDArray[Any]:
    if is_text:
        return as_text(column)
    return column if column.dtype.kind in "iuf" else column_from_array(column)
