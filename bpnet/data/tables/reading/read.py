"""Tables in files and frames, read into columns by name."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, cast

from ...._lib.files import as_path, is_path
from ...memory_limit import memory_errors_named
from ..table import Table
from .delimited import read_delimited
from .file_format import find_format
from .frames import read_frame
from .json_file import read_json
from .npz import read_npz
from .options import ReadOptions
from .parquet import read_parquet

__all__ = ["read_table", "read_table_with"]

_READERS: dict[str, Callable[[Path, ReadOptions], Table]] = {
    "delimited": read_delimited,
    "json": read_json,
    "parquet": read_parquet,
    "npz": read_npz,
}


def read_table(
    data: Any,
    *,
    header: bool | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    missing: Collection[str | float] = (),
    text: Collection[str] = (),
    max_bytes: int | None = None,
) -> Table:
    r"""Read the columns of a table from a file or a frame.

    The name of a file says the format:

    - ``.csv``, ``.tsv``, ``.txt``: text with the names of the columns in the first row. The
      delimiter is whichever of ``,``, ``;``, tab and ``|`` divides the rows; with ``;`` numbers
      may have a decimal comma. Blank lines are skipped; lines of comments are not known.
    - ``.jsonl``, ``.ndjson``, ``.json``: a JSON object a line, or an array of objects. A key that
      is not there is a missing value.
    - ``.parquet``, ``.pq``: needs pyarrow, the extra ``tables``.
    - ``.npz``: one array a column; of an array with more dimensions, such as ``x`` or ``X`` of
      shape (m, n), the columns are called ``x0``, ``x1``, ... (and ``x`` if there is only one).

    Text and JSON may be compressed, as ``.csv.gz``. A frame is of pandas, polars or Arrow, or of a
    library that gives its frames to Arrow; a mapping of columns by name; a list of dictionaries;
    or a structured array. It gives the same columns as the file of the same table, and is never
    changed. An index is not read.

    Blanks around names are taken off. A column without a name, as an index often is, is called
    ``""``. Columns of lists and the like are left out, which the notes of the table say.

    Parameters
    ----------
    data : path, frame, mapping or list of dictionaries
    header : bool, optional
        Whether the first row of a text file names the columns; without names they are called
        ``c1``, ``c2``, ... If not given, it names them, and a file is refused whose first row
        looks like the rows below: numbers above numbers, texts that occur again in their columns.
    delimiter : str, optional
        The character that divides fields: ``"tab"`` for a tab, a blank for one or more blanks.
    decimal : {".", ","}, optional
        The decimal mark of numbers in text files. With a comma, points may divide thousands.
    encoding : str, optional
        Of text files, by default UTF-8; a byte order mark comes first.
    missing : collection of str or numbers, optional
        More marks of missing values, such as ``"-"`` or -999.
    text : collection of str, optional
        Columns to keep as text even if all of it looks like numbers, such as postal codes.
    max_bytes : int, optional
        What the columns may take in memory once unpacked; by default 64 MiB, or 32 times the size
        of the file if that is more. No file that is not compressed comes near that.

    Returns
    -------
    Table
        A dict of str to array, shape (m,), that knows the place of each row. Numbers are integers,
        or floats with NaN where a value is missing. Dates, times and durations of files and frames
        that have types are ``datetime64`` (in UTC where the zone is known) and ``timedelta64``
        (a time of the day since midnight), with NaT. Everything else (booleans too) is in
        ``object`` arrays of ``str``, with None where a value is missing. An empty field, ``?``,
        ``NA``, ``N/A``, ``#N/A``, ``<NA>``, ``NaN`` and ``null`` are missing.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If the file is Parquet and pyarrow is not installed.
    TypeError
        If it is neither a path nor a frame.
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
    >>> pets = read_table(path)
    >>> pets
    {'kind': array(['cat', 'dog'], dtype=object), 'age': array([ 3., nan])}
    >>> pets.place(1)
    'line 3'
    >>> read_table({"kind": ["cat", "dog"], "age": [3, -1]}, missing=[-1])["age"]
    array([ 3., nan])
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
    return read_table_with(data, options)


def read_table_with(data: Any, options: ReadOptions) -> Table:
    """The same, with all options in one."""
    if not is_path(data):
        return read_frame(data, options)
    path = as_path(data)
    form = find_format(path)
    with memory_errors_named(path):
        return _READERS[form](path, options)
