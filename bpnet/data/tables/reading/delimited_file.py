"""Text files whose fields are divided by commas, semicolons, tabs or bars, row by row."""

from __future__ import annotations

import contextlib
import csv
import itertools
import re
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

_LETTER = re.compile(r"[^\W\d_]")
_LONG_LINE = 2**17  # whose fields are counted before lists are made of them
_CELLS, _CHARACTERS = 2**18, 2**22  # of a block, about
_FIRST_LINES, _FIRST_CHARACTERS = 20, 2**20  # that the delimiter is seen from
_MOST_TITLES = 5  # lines above the names of the columns
_MOST_PLACES = 10  # of columns in a note
_FIRST_ROWS, _FIRST_CELLS = 1000, 2**16  # that the first row is compared with


class DelimitedFile:
    """A text file with the names of its columns in the first row, or without names.

    Lines above the names that have one text each are titles; cells beyond the last column that hold
    nothing, and several columns without a name, as spreadsheets export them, are left out. Only a
    block of rows is in memory at a time.

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
    n_fields : int
        Of a row; more than names where columns without a name are left out.
    n_above : int
        Number of rows before the first row of data.
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
        self._used: list[int] | None = None  # the columns with a name, where some have none
        self.n_fields = self.n_above = 0  # of a row; rows before the first of data
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
            for line, row in itertools.islice(self._rows(file), self.n_above, None):
                if len(row) != self.n_fields:
                    if len(row) < self.n_fields or any(map(str.strip, row[self.n_fields :])):
                        raise ValueError(self._wrong_length(f"line {line}", row))
                    row = row[: self.n_fields]  # only delimiters at its end
                if self._used is not None:
                    row = [row[k] for k in self._used]
                lines.append(line)
                block.append(row)
                characters += sum(map(len, row))
                if len(block) * self.n_fields >= cells or characters >= _CHARACTERS:
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
        if self._options.header is False:
            self.n_fields = len(first)
            self.names = [f"c{k}" for k in range(1, len(first) + 1)]
            self.notes = (f"without a header: {_called(len(first))}",)
            return
        self.n_above = 1
        if self._options.header is None:
            line, first, rows = self._below_titles(line, first, rows)
        names = [name.strip() for name in first]
        self.n_fields = len(names)
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
        nameless = [str(k) for k, name in enumerate(names, 1) if not name]
        if len(nameless) > 1 and len(nameless) < len(names):
            self._used = [k for k, name in enumerate(names) if name]
            self.names = [names[k] for k in self._used]
            if len(nameless) > _MOST_PLACES:
                nameless[_MOST_PLACES:] = [f"{len(nameless) - _MOST_PLACES} more"]
            places = f"{', '.join(nameless[:-1])} and {nameless[-1]}"
            self.notes += (f"columns {places} have no name, and are left out",)
        hint = f"; give each a name of its own in line {line}"
        if self._options.header is None:
            hint += f", or, if that is a row of data: {otherwise}"
        check_column_names(self.path, names if self._used is None else self.names, hint)

    def _below_titles(
        self, line: int, first: list[str], rows: Iterator[tuple[int, list[str]]]
    ) -> tuple[int, list[str], Iterator[tuple[int, list[str]]]]:
        """The first row with several cells, where those above are titles of the table."""
        above: list[tuple[int, list[str]]] = [(line, first)]
        with contextlib.suppress(ValueError, StopIteration):  # what is wrong is told in blocks
            while len(above) <= _MOST_TITLES and _is_title(above[-1][1]):
                above.append(next(rows))
        line, names = above[-1]
        after: list[tuple[int, list[str]]] = []
        with contextlib.suppress(ValueError):
            after = list(itertools.islice(rows, 1))
        is_table = sum(map(bool, map(str.strip, names))) > 1 and any(map(_LETTER.search, names))
        if len(above) == 1 or not is_table or not after or len(after[0][1]) != len(names):
            return *above[0], itertools.chain(above[1:], after, rows)
        self.n_above = len(above)
        titles = [(at, cell.strip()) for at, row in above[:-1] for cell in row if cell.strip()]
        self.notes = tuple(
            f"{shown(title)} in line {at} is taken for a title, line {line} for the names of the "
            "columns; use header=True or --header if the first line has the names"
            for at, title in titles[:1]
        )
        return line, names, itertools.chain(after, rows)

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
        elif fields > self.n_fields:
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

    def _wrong_length(self, place: str, row: list[str] | int) -> str:
        fields = row if isinstance(row, int) else len(row)
        hint = ""
        if self.n_fields == 1 and not self._options.delimiter:
            hint = (
                f"; the only column is called {shown(self.names[0])}: does the file begin with "
                "lines before its header, or does --delimiter (delimiter=... in Python) help?"
            )
        elif row and not isinstance(row, int) and not any(map(str.strip, row[1:])):
            hint = f"; if {shown(row[0])} is a remark and no row of the table, delete it"
        return f"{self.path}, {place}: {count(fields, 'field')}, expected {self.n_fields}{hint}"


def _is_title(row: list[str]) -> bool:
    """Whether a row has one cell, which has letters, or none."""
    cells = list(filter(None, map(str.strip, row)))
    return len(cells) < 2 and all(map(_LETTER.search, cells))


def _called(columns: int) -> str:
    return "the column is called c1" if columns == 1 else f"columns are called c1 to c{columns}"


def csv_words(error: csv.Error) -> str:
    """What is wrong, and what to do."""
    if "field limit" in str(error):
        return f"{error}: is a quote not closed? csv.field_size_limit(...) raises the limit"
    return str(error)
