"""Tables in JSON files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...._lib.wording import count
from ...memory_limit import BYTES_OF_COLUMN, check_memory
from ..table import Table
from .frames import check_rows
from .json_records import JsonRecords
from .line_numbers import LineNumbers
from .options import ReadOptions
from .records import RecordColumns
from .text_file import TextFile

__all__ = ["read_json", "read_json_parts"]


def read_json(path: Path, options: ReadOptions) -> Table:
    """Columns of a file by name; a key that a record does not have is a missing value there.

    Raises
    ------
    ValueError
        If the file is damaged, has no records, no column of numbers or text, or takes more memory
        than a file may.
    """
    text = TextFile(path, options.encoding, options.max_bytes)
    records = JsonRecords(text)
    columns = _columns(path, options)
    numbers = LineNumbers()
    for lines, block in records.blocks():
        columns.add(block)
        numbers.add(lines)
        text.check_unpacked(columns.bytes)
    if not columns.rows:
        raise ValueError(f"{path} has no rows")
    return _checked(path, columns.table(**_places(records, numbers, 1)))


def read_json_parts(path: Path, options: ReadOptions) -> Iterator[Table]:
    """The same some rows at a time, after a pass for the names of all columns."""
    records = JsonRecords(TextFile(path, options.encoding, options.max_bytes))
    names: dict[str, None] = {}
    nested: dict[str, str] = {}
    for _, block in records.blocks():
        found = _columns(path, options)
        found.add(block)
        part = found.table()
        nested |= part.left_out
        names |= dict.fromkeys([*part, *part.left_out])
        needed = len(names) * BYTES_OF_COLUMN
        check_memory(path, needed, options.max_bytes, f"a table of {len(names):,} columns")
    row = 1
    for lines, block in records.blocks():
        columns = _columns(path, options, names, nested)
        columns.add(block)
        numbers = LineNumbers()
        numbers.add(lines)
        yield _checked(path, columns.table(**_places(records, numbers, row)))
        row += len(block)
    if row == 1:
        raise ValueError(f"{path} has no rows")


def _columns(path: Path, options: ReadOptions, *known: dict[str, Any]) -> RecordColumns:
    def check(rows: int, columns: int) -> None:
        needed = columns * (rows * 8 + BYTES_OF_COLUMN)
        what = f"a table of {count(rows, 'row')} and {count(columns, 'column')}"
        check_memory(path, needed, options.max_bytes, what)

    called = f"{path}: a record"
    marks = options.missing
    return RecordColumns(*known, text=options.text, missing=marks, check=check, called=called)


def _places(records: JsonRecords, numbers: LineNumbers, row: int) -> dict[str, Any]:
    return {"first_row": row} if records.is_array else numbers.places()


def _checked(path: Path, table: Table) -> Table:
    check_rows(path, table)
    return table
