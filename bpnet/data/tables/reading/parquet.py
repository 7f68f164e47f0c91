"""Tables in Parquet files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...._lib.wording import shortened, shown
from ...damage import damage_named
from ...memory_limit import BYTES_OF_COLUMN, check_memory
from ...parquet_file import check_row_groups, open_parquet, rows_of_a_batch
from ..cell_parsing import as_text, text_cells
from ..table import Table, check_column_names

__all__ = ["read_parquet", "read_parquet_parts"]

_BYTES_OF_DATE = 160  # while it becomes text
_TEXT_OF_PAGES = 4  # bytes of strings for one byte of a page


def read_parquet(path: Path, text: Collection[str], max_bytes: int | None) -> Table:
    """Columns of a file by name; those named in ``text`` as text whatever they look like.

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    ValueError
        If the file is damaged, has no rows, a column that is neither numbers nor text, or takes
        more memory than a file may.
    """
    arrow, file, names = _opened(path)
    with file:
        needed = _memory(file.metadata, file.schema_arrow, arrow)
        check_memory(path, needed, max_bytes, "what is unpacked")
        with damage_named(f"{path}: not a readable Parquet file"):
            stored = file.read()
    return _from_table(path, stored, names, text, arrow)


def read_parquet_parts(path: Path, text: Collection[str], max_bytes: int | None) -> Iterator[Table]:
    """The same some rows at a time; a row group may take that much memory."""
    arrow, file, names = _opened(path)
    with file:
        check_row_groups(path, file, max_bytes)
        rows = rows_of_a_batch(len(names))
        batches = file.iter_batches(rows, use_threads=False)
        while True:
            with damage_named(f"{path}: cannot be read"):
                batch = next(batches, None)
                if batch is None:
                    return
                stored = arrow.Table.from_batches([batch])
            yield _from_table(path, stored, names, text, arrow)


def _opened(path: Path) -> tuple[Any, Any, list[str]]:
    """pyarrow, the file and the names of its columns."""
    arrow, file = open_parquet(path)
    with file:
        words = [field.name for field in file.schema_arrow if _is_text(field.type, arrow)]
        # pandas gives an index without a name this one.
        index = "__index_level_0__"
        names = ["" if name == index else name for name in file.schema_arrow.names]
    check_column_names(path, names)
    # A dictionary of texts, of which each row names one, stays that: no copy for each row.
    arrow, file = open_parquet(path, read_dictionary=words)
    return arrow, file, names


def _from_table(
    path: Path, stored: Any, names: list[str], text: Collection[str], arrow: Any
) -> Table:
    table = Table()
    for name, column in zip(names, stored.columns, strict=True):
        if not _is_readable(column.type, arrow):
            raise ValueError(
                f"{path}: column {shown(name)} holds {shortened(str(column.type), 80)}, "
                "neither numbers nor text"
            )
        with damage_named(f"{path}: column {shown(name)} cannot be read"):
            values = _from_arrow(column, arrow)
        table[name] = as_text(values) if name in text else values
    return table


def _memory(about: Any, schema: Any, arrow: Any) -> int:
    """Bytes that the columns of a file take, by its metadata."""
    unpacked = sum(about.row_group(k).total_byte_size for k in range(about.num_row_groups))
    a_row = sum(_bytes_of_cell(kind, arrow.types) for kind in schema.types)
    columns = max(about.num_columns, len(schema.types))
    return int(_TEXT_OF_PAGES * unpacked + about.num_rows * a_row + columns * BYTES_OF_COLUMN)


def _bytes_of_cell(kind: Any, types: Any) -> int:
    if types.is_temporal(kind):
        return _BYTES_OF_DATE
    if types.is_integer(kind) or types.is_floating(kind):
        bits: int = kind.bit_width
        return bits // 8
    return 24  # an index, and a reference to text; or a number twice


def _is_text(kind: Any, arrow: Any) -> bool:
    return bool(arrow.types.is_string(kind) or arrow.types.is_large_string(kind))


def _is_readable(kind: Any, arrow: Any) -> bool:
    types = arrow.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    known = (
        types.is_integer,
        types.is_floating,
        types.is_decimal,
        types.is_null,
        types.is_boolean,
        types.is_temporal,
    )
    return _is_text(kind, arrow) or any(bool(is_known(kind)) for is_known in known)


def _from_arrow(column: Any, arrow: Any) -> NDArray[Any]:
    types, kind = arrow.types, column.type
    if types.is_dictionary(kind) and _is_text(kind.value_type, arrow):
        return np.concatenate([_from_dictionary(chunk) for chunk in column.chunks])
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
        column = column.cast(arrow.string())
    return text_cells(column.to_pylist())


def _from_dictionary(chunk: Any) -> NDArray[np.object_]:
    words = text_cells([*chunk.dictionary.to_pylist(), None])
    found: NDArray[np.object_] = words[chunk.indices.fill_null(len(words) - 1).to_numpy()]
    return found
