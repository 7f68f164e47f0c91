"""Tables in files and frames, read some rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, cast

from ...._lib.files import as_path, is_path
from ...memory_limit import memory_errors_named
from ..table import Table
from .delimited import read_delimited_parts
from .file_format import find_format
from .frames import read_frame
from .json_file import read_json_parts
from .npz import read_npz
from .options import ReadOptions
from .parquet import read_parquet_parts

__all__ = ["read_table_parts", "read_table_parts_with"]

_ROWS = 8192


def read_table_parts(
    data: Any,
    *,
    header: bool | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    missing: Collection[str | float] = (),
    text: Collection[str] = (),
    max_bytes: int | None = None,
) -> Iterator[Table]:
    r"""Read the columns of a table, some rows at a time.

    Memory is that of a part, however long the table is, except for NPZ files and arrays in JSON
    files, which are unpacked as a whole.

    Parameters
    ----------
    data : path, frame, mapping or list of dictionaries
        As `read_table` reads.
    header, delimiter, decimal, encoding, missing, text, max_bytes
        As for `read_table`; for Parquet files the last is the limit of a row group.

    Yields
    ------
    Table
        As from `read_table`, but for types: each part is seen by itself, so that a column of text
        is one of numbers in a part that holds only numbers. Places are those in the whole.

    Raises
    ------
    FileNotFoundError, ImportError, TypeError, ValueError
        As `read_table`, when the first part is asked for, or the one that is damaged.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from bpnet.data import read_table_parts
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "pets.csv")
    >>> _ = path.write_text("kind;age\ncat;3\ndog;NA\n")
    >>> for part in read_table_parts(path):
    ...     print(part)
    {'kind': array(['cat', 'dog'], dtype=object), 'age': array([ 3., nan])}
    >>> folder.cleanup()
    """
    options = ReadOptions(
        header=header,
        delimiter=delimiter,
        decimal=decimal,
        encoding=encoding,
        missing=cast(Any, missing),  # a tuple from here on
        text=cast(Any, text),
        max_bytes=max_bytes,
    )
    yield from read_table_parts_with(data, options)


def read_table_parts_with(data: Any, options: ReadOptions) -> Iterator[Table]:
    """The same, with all options in one."""
    if not is_path(data):
        yield from _cut(read_frame(data, options))
        return
    path = as_path(data)
    form = find_format(path)
    with memory_errors_named(path):
        yield from _PARTS[form](path, options)


def _read_npz_parts(path: Path, options: ReadOptions) -> Iterator[Table]:
    yield from _cut(read_npz(path, options))


def _cut(table: Table) -> Iterator[Table]:
    for start in range(0, table.n_rows, _ROWS):
        yield table.part(start, start + _ROWS)


_PARTS: dict[str, Callable[[Path, ReadOptions], Iterator[Table]]] = {
    "delimited": read_delimited_parts,
    "json": read_json_parts,
    "parquet": read_parquet_parts,
    "npz": _read_npz_parts,
}
