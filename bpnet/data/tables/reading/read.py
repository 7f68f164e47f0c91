"""Tables in files: CSV, Parquet and NPZ, read into columns by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

from ...._lib.constraints import Integer
from ...._lib.files import as_path, check_regular_file
from ...._lib.wording import listing
from ...memory_limit import memory_errors_named
from ..table import Table
from .delimited import read_delimited
from .npz import read_npz
from .parquet import read_parquet

__all__ = ["check_table_file", "read_table"]

_READERS: dict[str, Callable[[Path, Collection[str], int | None], Table]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".parquet": read_parquet,
    ".pq": read_parquet,
    ".npz": read_npz,
}


def read_table(
    path: str | os.PathLike[str], *, text: Collection[str] = (), max_bytes: int | None = None
) -> Table:
    r"""Read the columns of a table from a file.

    The name says the format:

    - ``.csv``, ``.tsv``, ``.txt``: text in UTF-8 with the names of the columns in the first row.
      The delimiter is whichever of ``,``, ``;``, tab and ``|`` divides that row into most fields;
      with ``;`` numbers may have a decimal comma. Blank lines are skipped.
    - ``.parquet``, ``.pq``: needs pyarrow, the extra ``tables``.
    - ``.npz``: one array a column; of an array with more dimensions, such as ``x`` or ``X`` of
      shape (m, n), the columns are called ``x0``, ``x1``, ... (and ``x`` if there is only one).

    A column without a name, as an index often is, is called ``""``.

    Parameters
    ----------
    path : str or path
    text : collection of str
        Columns to keep as text even if all of it looks like numbers, such as postal codes.
    max_bytes : int, optional
        What the columns may take in memory once unpacked; by default 64 MiB, or 32 times the size
        of the file if that is more. No file that is not compressed comes near that.

    Returns
    -------
    dict of str to array, shape (m,)
        Numbers as integers, or as floats with NaN where a value is missing; everything else
        (booleans too) as ``object`` arrays of ``str``, with None where a value is missing. An
        empty field, ``?``, ``NA``, ``N/A``, ``#N/A``, ``<NA>``, ``NaN`` and ``null`` are missing.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If the file is Parquet and pyarrow is not installed.
    ValueError
        If the file is damaged, has no header, no rows, rows of different lengths, two columns of
        one name, or takes more memory than it may; the message gives the file, the place and both
        values.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "pets.csv")
    >>> _ = path.write_text("kind;age\ncat;3\ndog;NA\n")
    >>> read_table(path)
    {'kind': array(['cat', 'dog'], dtype=object), 'age': array([ 3., nan])}
    >>> folder.cleanup()
    """
    path, max_bytes = as_path(path), Integer(1, optional=True)("max_bytes", max_bytes)
    suffix = check_table_file(path)
    with memory_errors_named(path):
        return _READERS[suffix](path, text, max_bytes)


def check_table_file(path: Path) -> str:
    """The suffix that says which format a file has; raises if there is no such table."""
    check_regular_file(path)
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise ValueError(f"{path}: cannot read {suffix!r}, only {listing(_READERS)}")
    if not path.stat().st_size:
        raise ValueError(f"{path}: the file is empty")
    return suffix
