"""Columns of text files, which are numbers where all of their cells are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...._lib.wording import count
from ...memory_limit import BYTES_OF_TEXT
from ..cell_parsing import parse_cells, text_cells, with_marks_missing
from ..table import Table
from .delimited_file import DelimitedFile
from .line_numbers import LineNumbers
from .options import ReadOptions

__all__ = ["read_delimited", "read_delimited_parts"]

_CELLS_OF_A_PART = 2**15
_ROWS_OF_A_WIDE_PART, _CELLS_OF_A_WIDE_PART = 64, 2**20
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+", re.ASCII)
_MOST_KNOWN = 10_000  # different texts of a column of which one string serves all cells


def read_delimited(path: Path, options: ReadOptions) -> Table:
    """Columns of a file by name.

    Raises
    ------
    ValueError
        If the file is damaged, has no header, no rows, or rows of different lengths.
    """
    file = DelimitedFile(path, options)
    cells = _Cells(file, options)
    columns = [_Column(cells, is_text=name in options.text) for name in file.names]
    numbers = LineNumbers()
    for lines, block in file.blocks():
        numbers.add(lines)
        for column, found in zip(columns, zip(*block, strict=True), strict=True):
            column.add(found)
        file.text.check_unpacked(sum(column.bytes for column in columns))
    if not any(column.parts or column.late for column in columns):
        raise _no_rows(file)
    late = [(k, column) for k, column in enumerate(columns) if column.late]
    if late:
        for _, column in late:
            column.begin_anew()
        for _, block in file.blocks():
            for k, column in late:
                column.add([row[k] for row in block])
            file.text.check_unpacked(sum(column.bytes for column in columns))
    return Table(
        {name: column.values() for name, column in zip(file.names, columns, strict=True)},
        notes=file.notes,
        **numbers.places(),
    )


def read_delimited_parts(path: Path, options: ReadOptions) -> Iterator[Table]:
    """The same some rows at a time; each part's types are its own."""
    file = DelimitedFile(path, options)
    parsed = _Cells(file, options)
    empty = True
    # Few rows of many columns would cost more to take apart than to parse.
    wide = min(_ROWS_OF_A_WIDE_PART * len(file.names), _CELLS_OF_A_WIDE_PART)
    for lines, block in file.blocks(max(_CELLS_OF_A_PART, wide)):
        empty = False
        numbers = LineNumbers()
        numbers.add(lines)
        columns = {
            name: parsed.as_text(cells) if name in options.text else parsed.as_column(cells)
            for name, cells in zip(file.names, zip(*block, strict=True), strict=True)
        }
        yield Table(columns, notes=file.notes, **numbers.places())
    if empty:
        raise _no_rows(file)


def _no_rows(file: DelimitedFile) -> ValueError:
    columns = count(len(file.names), "column")
    return ValueError(f"{file.path}: a header with {columns}, but no rows")


class _Cells:
    """How the cells of a file are understood."""

    def __init__(self, file: DelimitedFile, options: ReadOptions) -> None:
        self._missing = options.missing
        # Yes, no, or None for a column of which all numbers have one.
        self._comma = options.decimal == "," or (None if file.decimal_comma else False)

    def as_text(self, cells: Sequence[str]) -> NDArray[np.object_]:
        """Cells as text, None where a value is missing."""
        return text_cells(cells, self._missing)

    def as_column(self, cells: Sequence[str]) -> NDArray[Any]:
        """Cells as numbers where they all are, else as text."""
        column: NDArray[Any] = parse_cells(self._with_points(cells), self._missing)
        if column.dtype == np.object_ and self._comma is None:
            numbers = parse_cells([cell.replace(",", ".") for cell in cells], self._missing)
            column = column if numbers.dtype == np.object_ else numbers
        elif column.dtype == np.object_ and self._comma:
            column = self.as_text(cells)
        return with_marks_missing(column, self._missing)

    def _with_points(self, cells: Sequence[str]) -> Sequence[str]:
        """The cells with a point for the decimal mark, where that is known to be a comma."""
        if not self._comma:
            return cells
        return [_with_point(cell) for cell in cells]


def _with_point(cell: str) -> str:
    """A number with a decimal comma, as Python spells it; points may divide its thousands."""
    whole, comma, rest = cell.partition(",")
    if "." in rest or ("." in whole and not _THOUSANDS.fullmatch(whole.strip())):
        return f",{cell}"  # which is no number
    return whole.replace(".", "") + comma.replace(",", ".") + rest


class _Column:
    """A column that comes in parts: numbers, until a cell is none.

    Text that comes after numbers makes the whole column text: then its numbers, whose spelling is
    gone, are read once more.
    """

    def __init__(self, cells: _Cells, *, is_text: bool) -> None:
        self._cells, self._is_text = cells, is_text
        self._known: dict[str | None, str | None] = {}
        self.parts: list[NDArray[Any]] = []
        self.late = False
        self.bytes = 0

    def add(self, cells: Sequence[str]) -> None:
        """Take the next cells."""
        if self.late:
            return
        if self._is_text:
            part: NDArray[Any] = self._cells.as_text(cells)
        else:
            part = self._cells.as_column(cells)
            self._is_text = part.dtype == np.object_
            if self._is_text and self.parts:
                self.late, self.parts, self.bytes = True, [], 0
                return
        self.parts.append(self._shared(part) if self._is_text else part)
        self.bytes += part.nbytes

    def begin_anew(self) -> None:
        """Forget all; what comes is text."""
        self.parts, self.late, self._is_text = [], False, True

    def values(self) -> NDArray[Any]:
        """The whole column."""
        return self.parts[0] if len(self.parts) == 1 else np.concatenate(self.parts)

    def _shared(self, texts: NDArray[np.object_]) -> NDArray[np.object_]:
        """The same texts, one string for those that are equal."""
        known, before = self._known, len(self._known)
        if before < _MOST_KNOWN:
            texts[:] = [known.setdefault(text, text) for text in texts]
            new = list(known)[before:]
        else:
            new = texts.tolist()
        self.bytes += sum(BYTES_OF_TEXT + len(text) for text in new if text is not None)
        return texts
