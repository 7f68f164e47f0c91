"""Tables in files, read some rows at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from ...._lib.constraints import Integer
from ...._lib.files import as_path
from ...memory_limit import memory_errors_named
from ..table import Table
from .delimited import read_delimited_parts
from .npz import read_npz
from .parquet import read_parquet_parts
from .read import check_table_file

__all__ = ["read_table_parts"]

_ROWS = 8192


def read_table_parts(
    path: str | os.PathLike[str], *, text: Collection[str] = (), max_bytes: int | None = None
) -> Iterator[Table]:
    r"""Read the columns of a table, some rows at a time.

    Memory is that of a part, however long the table is, except for NPZ files, whose arrays are
    unpacked as a whole.

    Parameters
    ----------
    path : str or path
        Of a file as `read_table` reads.
    text : collection of str
        Columns to keep as text even if all of it looks like numbers.
    max_bytes : int, optional
        As for `read_table`; for Parquet files it is the limit of a row group.

    Yields
    ------
    dict of str to array, shape (m,)
        As from `read_table`, but for types: each part is seen by itself, so that a column of text
        is one of numbers in a part that holds only numbers.

    Raises
    ------
    FileNotFoundError, ImportError, ValueError
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
    path, max_bytes = as_path(path), Integer(1, optional=True)("max_bytes", max_bytes)
    suffix = check_table_file(path)
    with memory_errors_named(path):
        yield from _PARTS[suffix](path, text, max_bytes)


def _read_npz_parts(path: Path, text: Collection[str], max_bytes: int | None) -> Iterator[Table]:
    table = read_npz(path, text, max_bytes)
    rows = len(next(iter(table.values())))
    for start in range(0, rows, _ROWS):
        yield Table({name: column[start : start + _ROWS] for name, column in table.items()})


_PARTS: dict[str, Callable[[Path, Collection[str], int | None], Iterator[Table]]] = {
    ".csv": read_delimited_parts,
    ".tsv": read_delimited_parts,
    ".txt": read_delimited_parts,
    ".parquet": read_parquet_parts,
    ".pq": read_parquet_parts,
    ".npz": _read_npz_parts,
}
