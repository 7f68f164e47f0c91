"""Tables in Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ...._lib.wording import shortened, shown
from ...damage import damage_named
from ...memory_limit import BYTES_OF_COLUMN, check_memory
from ...parquet_file import check_row_groups, open_parquet, rows_of_a_batch, unpacked_bytes
from ..cell_parsing import with_marks_missing
from ..table import Table, check_column_names
from .arrow_columns import column_from_arrow, is_text, is_usable
from .options import ReadOptions

__all__ = ["read_parquet", "read_parquet_parts"]

_BYTES_OF_DATE = 160  # while it becomes text
_TEXT_OF_PAGES = 4  # bytes of strings for one byte of a page
_INDEX = "__index_level_0__"  # what pandas calls an index without a name


class _Columns(NamedTuple):
    """The columns of a file that a table can have."""

    stored: list[str]
    names: list[str]
    left_out: dict[str, str]


def read_parquet(path: Path, options: ReadOptions) -> Table:
    """Columns of a file by name.

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    ValueError
        If the file is damaged, has no rows, no column of numbers, text or times, or takes more
        memory than a file may.
    """
    arrow, file, columns = _opened(path)
    with file:
        needed = _memory(file, columns, arrow, options)
        check_memory(path, needed, options.max_bytes, "what is unpacked")
        with damage_named(f"{path}: not a readable Parquet file"):
            stored = file.read(columns=columns.stored)
    return _from_table(path, stored, columns, options, arrow)


def read_parquet_parts(path: Path, options: ReadOptions) -> Iterator[Table]:
    """The same some rows at a time; a row group may take that much memory."""
    arrow, file, columns = _opened(path)
    with file:
        check_row_groups(path, file, options.max_bytes, columns.stored)
        rows = rows_of_a_batch(len(columns.names))
        batches = file.iter_batches(rows, use_threads=False, columns=columns.stored)
        first_row = 1
        while True:
            with damage_named(f"{path}: cannot be read"):
                batch = next(batches, None)
                if batch is None:
                    return
                stored = arrow.Table.from_batches([batch])
            yield _from_table(path, stored, columns, options, arrow, first_row)
            first_row += batch.num_rows


def _opened(path: Path) -> tuple[Any, Any, _Columns]:
    """pyarrow, the file and its columns."""
    arrow, file = open_parquet(path)
    with file:
        schema = file.schema_arrow
    names = ["" if name == _INDEX else name.strip() for name in schema.names]
    check_column_names(path, names)
    left_out = {
        name: f"holds {shortened(str(kind), 80)}, neither numbers nor text"
        for name, kind in zip(names, schema.types, strict=True)
        if not is_usable(kind, arrow)
    }
    stored = [one for one, name in zip(schema.names, names, strict=True) if name not in left_out]
    if not stored:
        first, why = next(iter(left_out.items()), ("", "is not there"))
        raise ValueError(f"{path}: column {shown(first)} {why}")
    # A dictionary of texts, of which each row names one, stays that: no copy for each row.
    words = [name for name in stored if is_text(schema.field(name).type, arrow)]
    arrow, file = open_parquet(path, read_dictionary=words)
    return arrow, file, _Columns(stored, [name for name in names if name not in left_out], left_out)


def _from_table(
    path: Path, stored: Any, columns: _Columns, options: ReadOptions, arrow: Any, first_row: int = 1
) -> Table:
    table = Table(first_row=first_row, left_out=columns.left_out)
    for name, column in zip(columns.names, stored.select(columns.stored).columns, strict=True):
        with damage_named(f"{path}: column {shown(name)} cannot be read"):
            values = column_from_arrow(column, arrow, text=name in options.text)
            table[name] = with_marks_missing(values, options.missing)
    return table


def _memory(file: Any, columns: _Columns, arrow: Any, options: ReadOptions) -> int:
    """Bytes that the columns of a file take, by its metadata."""
    about, schema = file.metadata, file.schema_arrow
    groups = (about.row_group(k) for k in range(about.num_row_groups))
    unpacked = sum(unpacked_bytes(group, columns.stored) for group in groups)
    a_row = sum(
        _bytes_of_cell(schema.field(one).type, arrow.types, is_text=name in options.text)
        for one, name in zip(columns.stored, columns.names, strict=True)
    )
    n_columns = max(about.num_columns, len(schema.types))
    return int(_TEXT_OF_PAGES * unpacked + about.num_rows * a_row + n_columns * BYTES_OF_COLUMN)


def _bytes_of_cell(kind: Any, types: Any, *, is_text: bool) -> int:
    if types.is_temporal(kind) and is_text:
        return _BYTES_OF_DATE
    if types.is_temporal(kind) or types.is_integer(kind) or types.is_floating(kind):
        bits: int = kind.bit_width
        return bits // 8
    return 24  # an index, and a reference to text; or a number twice
