"""Tables in files: CSV, Parquet and NPZ, read into columns by name."""

from __future__ import annotations

import csv
import importlib
import os
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bpnet.data._cells import as_text, number, typed
from bpnet.data._words import count, listing

__all__ = ["Table", "read_table"]

Table: TypeAlias = dict[str, NDArray[Any]]

_DELIMITERS = ",;\t|"
# What NumPy lets through from a damaged, encrypted or forged archive.
_DAMAGE = (ValueError, EOFError, MemoryError, RuntimeError, zipfile.BadZipFile, zlib.error)


def read_table(path: str | os.PathLike[str], *, text: Collection[str] = ()) -> Table:
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
        If the file is damaged, has no header, no rows, rows of different lengths, or two columns
        of one name; the message gives the file, the place and both values.

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
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    if not path.is_file():
        raise ValueError(f"{path}: not a file")
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise ValueError(f"{path}: cannot read {suffix!r}, only {listing(_READERS)}")
    if not path.stat().st_size:
        raise ValueError(f"{path}: the file is empty")
    return _READERS[suffix](path, text)


def _read_csv(path: Path, text: Collection[str]) -> Table:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = _sniff(next((line for line in file if line.strip()), ""))
            file.seek(0)
            # Not strict, an unclosed quote would swallow the rest of the file as one field.
            reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True, strict=True)
            try:
                rows = [(reader.line_num, row) for row in reader if "".join(row).strip() or row[1:]]
            except csv.Error as error:
                raise ValueError(f"{path}, line {reader.line_num}: {error}") from None
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}: byte 0x{error.object[error.start]:02x} is not UTF-8 text; "
            "save the file as CSV in UTF-8"
        ) from None
    if not rows:
        raise ValueError(f"{path}: the file is empty")
    header = [name.strip() for name in rows[0][1]]
    _check_header(path, header)
    if len(rows) == 1:
        raise ValueError(f"{path}: a header with {count(len(header), 'column')}, but no rows")
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise ValueError(
                f"{path}, line {line}: {count(len(row), 'field')}, expected {len(header)}"
            )
    columns = zip(*(row for _, row in rows[1:]), strict=True)
    return {
        name: as_text(cells) if name in text else _typed(cells, decimal_comma=delimiter == ";")
        for name, cells in zip(header, columns, strict=True)
    }


def _sniff(line: str) -> str:
    return max(_DELIMITERS, key=lambda mark: len(next(csv.reader([line], delimiter=mark))))


def _typed(cells: tuple[str, ...], *, decimal_comma: bool) -> NDArray[Any]:
    column = typed(cells)
    if decimal_comma and column.dtype == np.object_:
        numbers = typed([cell.replace(",", ".") for cell in cells])
        return column if numbers.dtype == np.object_ else numbers
    return column


def _check_header(path: Path, header: list[str]) -> None:
    numeric = [name for name in header if number(name) is not None]
    if 2 * len(numeric) >= len(header):
        raise ValueError(
            f"{path}: the first row must name the columns, but {listing(numeric)} "
            f"{'is a number' if len(numeric) == 1 else 'are numbers'}"
        )
    _check_names(path, header)


def _check_names(path: Path, names: list[str]) -> None:
    for position, name in enumerate(names):
        if (first := names.index(name)) < position:
            called = repr(name) if name else "nothing"
            raise ValueError(
                f"{path}: columns {first + 1} and {position + 1} are both called {called}"
            )


def import_arrow(path: Path) -> tuple[Any, Any]:
    """pyarrow and its module for Parquet, or an ImportError that says what to install."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError(
            f'{path}: Parquet files need pyarrow: pip install "bpnet-xp[tables]"'
        ) from error


def _read_parquet(path: Path, text: Collection[str]) -> Table:
    arrow, parquet = import_arrow(path)
    try:
        with parquet.ParquetFile(path) as file:
            stored = file.read()
    except (arrow.ArrowException, OSError) as error:
        raise ValueError(f"{path}: not a readable Parquet file ({error})") from None
    # pandas gives an index without a name this one.
    names = ["" if name == "__index_level_0__" else name for name in stored.column_names]
    _check_names(path, names)
    if not stored.num_rows:
        raise ValueError(f"{path}: {count(len(names), 'column')}, but no rows")
    table = {}
    for name, column in zip(names, stored.columns, strict=True):
        try:
            values = _from_arrow(column, arrow)
        except arrow.ArrowException:
            raise ValueError(
                f"{path}: column {name!r} holds {column.type}, neither numbers nor text"
            ) from None
        table[name] = as_text(values) if name in text else values
    return table


def _from_arrow(column: Any, arrow: Any) -> NDArray[Any]:
    types, kind = arrow.types, column.type
    if types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if types.is_integer(kind) or types.is_floating(kind):
        values: NDArray[Any] = column.to_numpy()
        return values
    if types.is_decimal(kind) or types.is_null(kind):
        numbers: NDArray[Any] = column.cast(arrow.float64()).to_numpy()
        return numbers
    if types.is_boolean(kind):
        return as_text(column.to_numpy(zero_copy_only=False))
    if types.is_temporal(kind):
        column, kind = column.cast(arrow.string()), arrow.string()
    if types.is_string(kind) or types.is_large_string(kind):
        return as_text(np.array(column.to_pylist(), dtype=np.object_))
    raise arrow.ArrowNotImplementedError(kind)


def _read_npz(path: Path, text: Collection[str]) -> Table:
    arrays = _npz_arrays(path)
    columns = [pair for name, array in arrays.items() for pair in _split_columns(name, array)]
    if not columns:
        raise ValueError(f"{path}: the file has no columns")
    _check_names(path, [name for name, _ in columns])
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


_READERS: dict[str, Callable[[Path, Collection[str]], Table]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".txt": _read_csv,
    ".parquet": _read_parquet,
    ".pq": _read_parquet,
    ".npz": _read_npz,
}
