"""Tables in memory, of pandas, polars, Arrow, NumPy or plain Python, as columns by name.

None of these packages is imported here to see what a frame is: it came with one of them.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...._lib.install import pip_install
from ...._lib.wording import described, listing, shortened, shown
from ...damage import damage_named
from ..cell_parsing import as_text, with_marks_missing
from ..table import Table, check_column_names
from .arrow_columns import column_from_arrow
from .options import ReadOptions
from .pandas_columns import column_from_pandas
from .records import records_to_table
from .values import UnusableColumnError, column_from_array, column_from_values

__all__ = ["is_frame", "read_frame"]

_LIBRARIES = ("pandas", "polars", "pyarrow", "numpy")
_PROTOCOLS = ("__arrow_c_stream__", "__dataframe__")
_NAMES = ("columns", "column_names", "schema")  # that a frame has, and a single column has not


def is_frame(data: Any) -> bool:
    """Whether it has named columns: a frame, a mapping of columns, or records.

    Examples
    --------
    >>> is_frame({"age": [3, 5]}), is_frame([{"age": 3}]), is_frame([3, 5]), is_frame("pets.csv")
    (True, True, False, False)
    """
    if isinstance(data, str | bytes | type):
        return False
    if isinstance(data, Mapping):
        return True
    if isinstance(data, list | tuple):
        return bool(data) and all(isinstance(record, Mapping) for record in data)
    if getattr(getattr(data, "dtype", None), "names", None):  # a structured array
        return True
    kind = type(data)  # a lazy frame would find out its columns if it was asked itself
    is_rows = any(hasattr(kind, name) for name in _PROTOCOLS) or _library(data) == "polars"
    return is_rows and any(hasattr(kind, name) for name in _NAMES)


def read_frame(data: Any, options: ReadOptions | None = None) -> Table:
    """The columns of a frame; the frame itself is never changed.

    Parameters
    ----------
    data : object
        Of which `is_frame` is true.
    options : ReadOptions, optional
        Of which ``text`` and ``missing`` mean something here.

    Raises
    ------
    ImportError
        If it can be read by pyarrow only, and that is not installed.
    TypeError
        If it is no frame.
    ValueError
        If it has no columns, no rows, columns of different lengths or two of one name.
    """
    options = options or ReadOptions()
    if isinstance(data, Table):
        return _finished(data, options)
    if not is_frame(data):
        raise TypeError(
            "a table must be a path, as text or pathlib.Path, a frame of pandas, polars or Arrow, "
            f"a mapping of columns by name or a list of dictionaries, not {described(data)}"
        )
    if isinstance(data, list | tuple):
        table = records_to_table(data)
    else:
        names, columns, notes = _taken_apart(data)
        table = _from_columns(type(data).__name__, names, columns, options, notes)
    check_rows("the table", table)
    return _finished(table, options)


def check_rows(place: object, table: Table) -> None:
    """Raise unless there are columns, which have rows and one length."""
    if not table:
        why = "".join(f"; column {shown(name)} {what}" for name, what in table.left_out.items())
        raise ValueError(f"{place} has no columns{why}")
    first, values = next(iter(table.items()))
    for name, column in table.items():
        if len(column) != len(values):
            raise ValueError(
                f"{place}: column {shown(name)} has {len(column)} rows, {shown(first)} has "
                f"{len(values)}"
            )
    if not len(values):
        raise ValueError(f"{place} has no rows")


def _finished(table: Table, options: ReadOptions) -> Table:
    """The same table, with the columns that shall be text and the marks of missing values."""
    changed = table.part(0, table.n_rows)
    for name, column in table.items():
        values = as_text(column) if name in options.text and column.dtype != "O" else column
        changed[name] = with_marks_missing(values, options.missing)
    return changed


def _from_columns(
    kind: str,
    names: Iterable[Any],
    columns: Iterable[Any],
    options: ReadOptions,
    notes: Sequence[str],
) -> Table:
    spelled = [_spelled_name(name) for name in names]
    check_column_names(f"the {kind}", spelled)
    found: dict[str, NDArray[Any]] = {}
    left_out = {}
    for name, column in zip(spelled, columns, strict=True):
        try:
            found[name] = _as_column(name, column, text=name in options.text)
        except UnusableColumnError as why:
            left_out[name] = str(why)
    return Table(found, notes=notes, left_out=left_out)


def _spelled_name(name: Any) -> str:
    """The name of a column as a file would have it; of several levels, those that say something."""
    if isinstance(name, tuple):
        return "_".join(part for part in map(_spelled_name, name) if part)
    if name is None or (isinstance(name, float) and math.isnan(name)):
        return ""
    return str(name).strip()


def _as_column(name: str, column: Any, *, text: bool) -> NDArray[Any]:
    """A column of whatever kind."""
    library = _library(column)
    if library == "pandas":
        return column_from_pandas(column)
    if library == "pyarrow":
        arrow = importlib.import_module("pyarrow")
        chunked = column if hasattr(column, "chunks") else arrow.chunked_array([column])
        return column_from_arrow(chunked, arrow, text=text)
    if library == "polars":
        return _column_from_polars(column)
    if isinstance(column, np.ndarray):
        return column_from_array(column.reshape(-1) if column.shape[1:] == (1,) else column)
    if isinstance(column, list | tuple | range):
        return column_from_values(column)
    if isinstance(column, str | bytes) or not hasattr(column, "__len__"):
        raise ValueError(
            f"column {shown(name)} is {described(column)}, expected a list or an array of values"
        )
    if hasattr(column, "__array__"):
        return column_from_array(np.asarray(column))
    return column_from_values(list(column))


def _column_from_polars(series: Any) -> NDArray[Any]:
    kind = series.dtype
    if kind.is_nested() or str(kind) == "Binary":
        raise UnusableColumnError(f"holds {shortened(str(kind), 80)}, neither numbers nor text")
    dates = kind.is_temporal() and str(kind) != "Time"
    if dates or kind.is_float() or (kind.is_integer() and "128" not in str(kind)):
        values = series.to_numpy()  # times with a zone in UTC
        gaps = kind.is_integer() and values.dtype.kind == "f"
        return column_from_array(values.astype(np.float64) if gaps else values)
    return column_from_values(series.to_list())


def _taken_apart(data: Any) -> tuple[Iterable[Any], Iterable[Any], list[str]]:
    """Names of columns, the columns, and what the user should know."""
    if isinstance(data, Mapping):
        return data.keys(), data.values(), []
    library = _library(data)
    if library == "pandas":
        return data.columns, (data.iloc[:, k] for k in range(data.shape[1])), _index_notes(data)
    if library == "polars":
        frame = data.collect() if hasattr(data, "collect") else data
        return frame.columns, frame.get_columns(), []
    if library == "pyarrow":
        table = data.read_all() if hasattr(data, "read_all") else data
        return table.schema.names, table.columns, []
    if library == "numpy":
        return data.dtype.names, (data[name] for name in data.dtype.names), []
    return _taken_apart(_through_arrow(data))


def _index_notes(frame: Any) -> list[str]:
    names = [name for name in frame.index.names if name is not None]
    if not names:
        return []
    called = listing(map(_spelled_name, names))
    return [f"the index {called} is not used; frame.reset_index() makes columns of it"]


def _through_arrow(data: Any) -> Any:
    """A frame of another library as Arrow's."""
    try:
        arrow = importlib.import_module("pyarrow")
        interchange = importlib.import_module("pyarrow.interchange")
    except ImportError as error:
        raise ImportError(
            f"a {type(data).__name__} is read by pyarrow: {pip_install('pyarrow')}"
        ) from error
    with damage_named(f"a {type(data).__name__} that cannot be read"):
        if hasattr(data, "__arrow_c_stream__"):
            return arrow.table(data)
        return interchange.from_dataframe(data)


def _library(data: Any) -> str:
    """The package that a frame or a column comes from, by its first class that is known."""
    for kind in type(data).__mro__:
        name = kind.__module__.partition(".")[0]
        if name in _LIBRARIES:
            return name
    return ""
