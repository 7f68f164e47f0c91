"""Columns of text files, which are numbers where all of their cells are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...._lib.wording import count
from ..cell_parsing import parse_cells, text_cells
from ..table import Table
from .delimited_file import DelimitedFile

__all__ = ["read_delimited", "read_delimited_parts"]

_CELLS_OF_A_PART = 2**15
_ROWS_OF_A_WIDE_PART, _CELLS_OF_A_WIDE_PART = 64, 2**20
_MOST_KNOWN = 10_000  # different texts of a column of which one string serves all cells


def read_delimited(path: Path, text: Collection[str], max_bytes: int | None) -> Table:
    """Columns of a file by name; those named in ``text`` as text whatever they look like.

    Raises
    ------
    ValueError
        If the file is damaged, has no header, no rows, or rows of different lengths.
    """
    file = DelimitedFile(path, max_bytes)
    decimal_comma = file.delimiter == ";"
    columns = [_Column(decimal_comma, is_text=name in text) for name in file.names]
    for block in file.blocks():
        for column, cells in zip(columns, zip(*block, strict=True), strict=True):
            column.add(cells)
    if not any(column.parts or column.late for column in columns):
        raise _no_rows(file)
    late = [(k, column) for k, column in enumerate(columns) if column.late]
    if late:
        for _, column in late:
            column.begin_anew()
        for block in file.blocks():
            for k, column in late:
                column.add([row[k] for row in block])
    return Table({name: column.values() for name, column in zip(file.names, columns, strict=True)})


def read_delimited_parts(
    path: Path, text: Collection[str], max_bytes: int | None
) -> Iterator[Table]:
    """The same some rows at a time; each part's types are its own."""
    file = DelimitedFile(path, max_bytes)
    decimal_comma = file.delimiter == ";"
    empty = True
    # Few rows of many columns would cost more to take apart than to parse.
    wide = min(_ROWS_OF_A_WIDE_PART * len(file.names), _CELLS_OF_A_WIDE_PART)
    for block in file.blocks(max(_CELLS_OF_A_PART, wide)):
        empty = False
        yield Table(
            {
                name: text_cells(cells)
                if name in text
                else _parsed(cells, decimal_comma=decimal_comma)
                for name, cells in zip(file.names, zip(*block, strict=True), strict=True)
            }
        )
    if empty:
        raise _no_rows(file)


def _no_rows(file: DelimitedFile) -> ValueError:
    columns = count(len(file.names), "column")
    return ValueError(f"{file.path}: a header with {columns}, but no rows")


def _parsed(cells: Sequence[str], *, decimal_comma: bool) -> NDArray[Any]:
    """Cells as `parse_cells` gives them; with ``decimal_comma`` 1,5 is a number too."""
    column = parse_cells(cells)
    if decimal_comma and column.dtype == np.object_:
        numbers = parse_cells([cell.replace(",", ".") for cell in cells])
        return column if numbers.dtype == np.object_ else numbers
    return column


class _Column:
    """A column that comes in parts: numbers, until a cell is none.

    Text that comes after numbers makes the whole column text: then its numbers, whose spelling is
    gone, are read once more.
    """

    def __init__(self, decimal_comma: bool, *, is_text: bool) -> None:
        self._decimal_comma, self._is_text = decimal_comma, is_text
        self._known: dict[str | None, str | None] = {}
        self.parts: list[NDArray[Any]] = []
        self.late = False

    def add(self, cells: Sequence[str]) -> None:
        """Take the next cells."""
        if self.late:
            return
        if self._is_text:
            part: NDArray[Any] = text_cells(cells)
        else:
            part = _parsed(cells, decimal_comma=self._decimal_comma)
            self._is_text = part.dtype == np.object_
            if self._is_text and self.parts:
                self.late, self.parts = True, []
                return
        self.parts.append(self._shared(part) if self._is_text else part)

    def begin_anew(self) -> None:
        """Forget all; what comes is text."""
        self.parts, self.late, self._is_text = [], False, True

    def values(self) -> NDArray[Any]:
        """The whole column."""
        return self.parts[0] if len(self.parts) == 1 else np.concatenate(self.parts)

    def _shared(self, texts: NDArray[np.object_]) -> NDArray[np.object_]:
        """The same texts, one string for those that are equal."""
        known = self._known
        if len(known) < _MOST_KNOWN:
            texts[:] = [known.setdefault(text, text) for text in texts]
        return texts
