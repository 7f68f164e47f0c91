"""Tables in Parquet files."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrow import import_arrow
from ..wording import count
from .cell_parsing import as_text
from .table import Table, check_column_names

__all__ = ["read_parquet"]


def read_parquet(path: Path, text: Collection[str]) -> Table:
    """Columns of a file by name; those named in ``text`` as text whatever they look like.

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    ValueError
        If the file is damaged, has no rows, or a column that is neither numbers nor text.
    """
    arrow, parquet = import_arrow(path)
    try:
        with parquet.ParquetFile(path) as file:
            stored = file.read()
    except (arrow.ArrowException, OSError) as error:
        raise ValueError(f"{path}: not a readable Parquet file ({error})") from None
    # pandas gives an index without a name this one.
    names = ["" if name == "__index_level_0__" else name for name in stored.column_names]
    check_column_names(path, names)
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
