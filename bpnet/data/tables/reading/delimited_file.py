"""Text files whose fields are divided by commas, semicolons, tabs or bars, row by row."""

from __future__ import annotations

import contextlib
import csv
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from ...._lib.wording import count, shown
from ...memory_limit import BYTES_OF_COLUMN, check_memory
from ..cell_parsing import is_missing_mark, parse_number
from ..table import check_column_names
from .delimiter import count_fields, find_delimiter, seem_divided_by_blanks
from .header import find_data_in_header
from .options import ReadOptions
from .text_file import TextFile, too_long

__all__ = ["DelimitedFile", "csv_words"]

_LONG_LINE = 2**17  # whose fields are counted before lists are made of them
_CELLS, _CHARACTERS = 2**18, 2**22  # of a block, about
_FIRST_LINES, _FIRST_CHARACTERS = 20, 2**20  # that the delimiter is seen from
_FIRST_ROWS, _FIRST_CELLS = 1000, 2**16  # that the first row is compared with


class DelimitedFile:
    """A text file with the names of its columns in the first row, or without names.

    Only a block of rows is in memory at a time.

    Parameters
    ----------
    path : Path
    options : ReadOptions, optional

    Attributes
    ----------
    text : TextFile
    delimiter : str
    decimal_comma : bool
        Whether numbers may have a decimal comma.
    names : list of str
        Of the columns.
    has_header : bool
    notes : tuple of str
        What the user should know of how it is read.

    Raises
    ------
    ValueError
        If the file is no text in its encoding, empty, has a first row that looks like data, or two
        columns of one name; when blocks are read also if rows differ in length or quotes are
        wrong. The message gives the file and the line.
    """

    def __init__(self, path: Path, options: ReadOptions | None = None) -> None:
        self.path, self._options = path, options or ReadOptions()
        self.text = TextFile(path, self._options.encoding, self._options.max_bytes)
        self.delimiter = self._options.delimiter or ""
        self.names: list[str] = []
        if not self.delimiter:
            self.delimiter = self._find_delimiter()
        self.decimal_comma = self._options.decimal == "," or (
            self._options.decimal is None and self.delimiter == ";"
        )
        self.notes: tuple[str, ...] = ()
        with self.text.open() as file:
            self._name_columns(self._rows(file))

    def number(self, cell: str) -> float | None:
        """The number that a cell holds, or None."""
        value = parse_number(cell)
        if value is None and self.decimal_comma:
            value = parse_number(cell.replace(",", "."))
        return value

    def blocks(self, cells: int = _CELLS) -> Iterator[tuple[list[int], list[list[str]]]]:
        """Rows of data, about so many cells at a time, and the line in which each ends.

        Blank lines are no rows.
        """
        with self.text.open() as file:
            lines: list[int] = []
            block: list[list[str]] = []
            characters = 0
            for line, row in itertools.islice(self._rows(file), self.has_header, None):
                if len(row) != len(self.names):
                    raise ValueError(self._wrong_length(f"line {line}", len(row)))
                lines.append(line)
                block.append(row)
                characters += sum(map(len, row))
                if len(block) * len(row) >= cells or characters >= _CHARACTERS:
                    yield lines, block
                    lines, block, characters = [], [], 0
            if block:
                yield lines, block

    def checked(self, lines: TextIO, place: str = "line {}") -> Iterator[str]:
        """The lines of an open file, each refused if it would take far more memory than it has.

        Parameters
        ----------
        lines : text file
        place : str, optional
            How messages call a line, with braces for its number.
        """
        for number, line in enumerate(self.text.lines(lines), 1):
            if len(line) >= _LONG_LINE:
                self._check_length(line, place.format(number))
            yield line

    def _find_delimiter(self) -> str:
        lines: list[str] = []
        with self.text.open() as file:
            for line in self.checked(file):
                if line.strip():
                    lines.append(line)
                if len(lines) == _FIRST_LINES or sum(map(len, lines)) > _FIRST_CHARACTERS:
                    break
        delimiter = find_delimiter(lines)
        if lines and count_fields(lines[0], delimiter) == 1 and seem_divided_by_blanks(lines):
            raise ValueError(
                f"{self.path}: fields seem to be divided by blanks: if they are, delimiter=' ' in "
                "Python, --delimiter ' ' on the command line; if there is only one column, ',' "
                "instead of ' '"
            )
        return delimiter

    def _name_columns(self, rows: Iterator[tuple[int, list[str]]]) -> None:
        line, first = next(rows, (0, None))
        if first is None:
            raise ValueError(f"{self.path}: the file is empty")
        self.has_header = self._options.header is not False
        if not self.has_header:
            self.names = [f"c{k}" for k in range(1, len(first) + 1)]
            self.notes = (f"without a header: {_called(len(first))}",)
            return
        names = [name.strip() for name in first]
        otherwise = (
            f"header=False in Python or --no-header on the command line reads line {line} as data; "
            f"{_called(len(first))}"
        )
        self.names = names  # to which lines are compared from here on
        why = "" if self._options.header else self._data_in(names, rows)
        if why:
            raise ValueError(
                f"{self.path}: line {line} looks like a row of data, not like the names of the "
                f"columns: {why}; {otherwise} (if they are names, header=True or --header)"
            )
        check_column_names(self.path, names, "" if self._options.header else f"; {otherwise}")

    def _data_in(self, first: list[str], rows: Iterator[tuple[int, list[str]]]) -> str:
        compared = min(_FIRST_ROWS, 1 + _FIRST_CELLS // len(first))
        below: list[list[str]] = []
        with contextlib.suppress(ValueError):  # what is wrong is told when blocks are read
            for _, row in itertools.islice(rows, compared):
                if len(row) == len(first):
                    below.append(row)

        def is_missing(cell: str) -> bool:
            return is_missing_mark(cell, self._options.missing)

        return find_data_in_header(first, below, self.number, is_missing)

    def _check_length(self, line: str, place: str) -> None:
        if len(line) >= self.text.longest_line:
            raise ValueError(too_long(self.path, place, f"{self.text.longest_line:,} characters"))
        if not self.delimiter:
            return
        fields = count_fields(line, self.delimiter)
        if not self.names:
            what = f"a table of {fields:,} columns"
            check_memory(self.path, fields * BYTES_OF_COLUMN, self._options.max_bytes, what)
        elif fields > len(self.names):
            raise ValueError(self._wrong_length(place, fields))

    def _rows(self, file: TextIO) -> Iterator[tuple[int, list[str]]]:
        """Rows that are not blank, with the line in which each ends."""
        lines: Iterable[str] = self.checked(file)
        if self.delimiter == " ":  # one at the end of a line divides nothing
            lines = (line.rstrip(" \r\n") + line[len(line.rstrip("\r\n")) :] for line in lines)
        # Not strict, an unclosed quote would swallow the rest of the file as one field.
        reader = csv.reader(lines, delimiter=self.delimiter, skipinitialspace=True, strict=True)
        try:
            for row in reader:
                if len(row) > 1 or "".join(row).strip():
                    yield reader.line_num, row
        except csv.Error as error:
            raise ValueError(f"{self.path}, line {reader.line_num}: {csv_words(error)}") from None

    def _wrong_length(self, place: str, fields: int) -> str:
        hint = ""
        if len(self.names) == 1 and not self._options.delimiter:
            hint = (
                f"; the only column is called {shown(self.names[0])}: does the file begin with "
                "lines before its header, or does --delimiter (delimiter=... in Python) help?"
            )
        return f"{self.path}, {place}: {count(fields, 'field')}, expected {len(self.names)}{hint}"


def _called(columns: int) -> str:
    return "the column is called c1" if columns == 1 else f"columns are called c1 to c{columns}"


def csv_words(error: csv.Error) -> str:
    """What is wrong, and what to do."""
    if "field limit" in str(error):
        return f"{error}: is a quote not closed? csv.field_size_limit(...) raises the limit"
    return str(error)
