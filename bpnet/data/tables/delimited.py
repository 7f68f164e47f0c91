"""Tables in text files whose fields are divided by commas, semicolons, tabs or bars."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..wording import count, listing
from .cell_parsing import as_text, parse_cells, parse_number
from .table import Table, check_column_names

__all__ = ["check_header", "find_delimiter", "read_delimited"]

_DELIMITERS = ",;\t|"


def read_delimited(path: Path, text: Collection[str]) -> Table:
    """Columns of a file by name; those named in ``text`` as text whatever they look like.

    Raises
    ------
    ValueError
        If the file is damaged, has no header, no rows, or rows of different lengths.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = find_delimiter(next((line for line in file if line.strip()), ""))
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
    check_header(path, header)
    if len(rows) == 1:
        raise ValueError(f"{path}: a header with {count(len(header), 'column')}, but no rows")
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise ValueError(
                f"{path}, line {line}: {count(len(row), 'field')}, expected {len(header)}"
            )
    columns = zip(*(row for _, row in rows[1:]), strict=True)
    return {
        name: as_text(cells) if name in text else _parsed(cells, decimal_comma=delimiter == ";")
        for name, cells in zip(header, columns, strict=True)
    }


def find_delimiter(line: str) -> str:
    """The delimiter that divides a line into most fields."""
    return max(_DELIMITERS, key=lambda mark: len(next(csv.reader([line], delimiter=mark))))


def _parsed(cells: tuple[str, ...], *, decimal_comma: bool) -> NDArray[Any]:
    column = parse_cells(cells)
    if decimal_comma and column.dtype == np.object_:
        numbers = parse_cells([cell.replace(",", ".") for cell in cells])
        return column if numbers.dtype == np.object_ else numbers
    return column


def check_header(path: Path, header: list[str]) -> None:
    """Raise unless the first row of a file names columns, each differently."""
    numeric = [name for name in header if parse_number(name) is not None]
    if 2 * len(numeric) >= len(header):
        raise ValueError(
            f"{path}: the first row must name the columns, but {listing(numeric)} "
            f"{'is a number' if len(numeric) == 1 else 'are numbers'}"
        )
    check_column_names(path, header)
