"""Text files whose fields are divided by commas, semicolons, tabs or bars, row by row."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from ...._lib.wording import count, listing
from ...idx import GZIP_MAGIC
from ...memory_limit import BYTES_OF_COLUMN, check_memory
from ..cell_parsing import parse_number
from ..table import check_column_names

__all__ = ["DelimitedFile", "count_fields", "csv_words", "find_delimiter", "too_long"]

_DELIMITERS = ",;\t|"
_LONGEST_LINE = 16 * 2**20  # characters
_LONG_LINE = 2**17  # whose fields are counted before lists are made of them
_CELLS, _CHARACTERS = 2**18, 2**22  # of a block, about


class DelimitedFile:
    """A text file with the names of its columns in the first row.

    Only a block of rows is in memory at a time.

    Parameters
    ----------
    path : Path
    max_bytes : int, optional
        As for `read_table`.

    Attributes
    ----------
    delimiter : str
    names : list of str
        Of the columns.
    longest_line : int
        Characters that a line may have.

    Raises
    ------
    ValueError
        If the file is no text in UTF-8, empty or has no header; when blocks are read also if rows
        differ in length or quotes are wrong. The message gives the file and the line.
    """

    def __init__(self, path: Path, max_bytes: int | None = None) -> None:
        self.path, self._max_bytes = path, max_bytes
        self.longest_line = max(_LONGEST_LINE, max_bytes or 0)
        self.delimiter, self.names = "", []
        _check_text(path)
        with self._open() as file:
            lines = (line for line in self.checked(file) if line.strip())
            self.delimiter = find_delimiter(next(lines, ""))
        with self._open() as file:
            _, header = next(self._rows(file), (0, None))
        if header is None:
            raise ValueError(f"{path}: the file is empty")
        self.names = _parsed_header(path, header)

    def blocks(self, cells: int = _CELLS) -> Iterator[list[list[str]]]:
        """Rows after the header, about so many cells at a time; blank lines are none."""
        with self._open() as file:
            block: list[list[str]] = []
            characters = 0
            for line, row in itertools.islice(self._rows(file), 1, None):
                if len(row) != len(self.names):
                    raise ValueError(self._wrong_length(f"line {line}", len(row)))
                block.append(row)
                characters += sum(map(len, row))
                if len(block) * len(row) >= cells or characters >= _CHARACTERS:
                    yield block
                    block, characters = [], 0
            if block:
                yield block

    def checked(self, lines: TextIO, place: str = "line {}") -> Iterator[str]:
        """The lines of an open file, each refused if it would take far more memory than it has.

        Parameters
        ----------
        lines : text file
        place : str, optional
            How messages call a line, with braces for its number.
        """
        try:
            for number in itertools.count(1):
                line = lines.readline(self.longest_line)
                if not line:
                    return
                if len(line) >= _LONG_LINE:
                    self._check_length(line, place.format(number))
                yield line
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{self.path}: byte 0x{error.object[error.start]:02x} is not UTF-8 text; "
                "save the file as CSV in UTF-8"
            ) from None

    def _check_length(self, line: str, place: str) -> None:
        if len(line) >= self.longest_line:
            raise ValueError(too_long(self.path, place, f"{self.longest_line:,} characters"))
        if not self.delimiter:
            return
        fields = count_fields(line, self.delimiter)
        if not self.names:
            what = f"a table of {fields:,} columns"
            check_memory(self.path, fields * BYTES_OF_COLUMN, self._max_bytes, what)
        elif fields > len(self.names):
            raise ValueError(self._wrong_length(place, fields))

    def _open(self) -> TextIO:
        return self.path.open(encoding="utf-8-sig", newline="")

    def _rows(self, file: TextIO) -> Iterator[tuple[int, list[str]]]:
        """Rows that are not blank, with the line in which each ends."""
        lines = self.checked(file)
        # Not strict, an unclosed quote would swallow the rest of the file as one field.
        reader = csv.reader(lines, delimiter=self.delimiter, skipinitialspace=True, strict=True)
        try:
            for row in reader:
                if len(row) > 1 or "".join(row).strip():
                    yield reader.line_num, row
        except csv.Error as error:
            raise ValueError(f"{self.path}, line {reader.line_num}: {csv_words(error)}") from None

    def _wrong_length(self, place: str, fields: int) -> str:
        return f"{self.path}, {place}: {count(fields, 'field')}, expected {len(self.names)}"


def _check_text(path: Path) -> None:
    """Raise for a text file that is compressed."""
    with path.open("rb") as file:
        if file.read(len(GZIP_MAGIC)) == GZIP_MAGIC:
            raise ValueError(
                f"{path}: compressed; unpack it first, for example by gunzip --keep {path}"
            )


def find_delimiter(line: str) -> str:
    """The delimiter that divides a line into most fields."""
    return max(_DELIMITERS, key=lambda mark: count_fields(line, mark))


def count_fields(line: str, delimiter: str) -> int:
    """Number of fields in a line, without making them."""
    parts: Iterable[str] = line.split('"')[::2] if '"' in line else (line,)
    return 1 + sum(part.count(delimiter) for part in parts)


def _parsed_header(path: Path, row: list[str]) -> list[str]:
    """Names of the columns; raises unless the first row is names, each different."""
    names = [name.strip() for name in row]
    numeric = [name for name in names if parse_number(name) is not None]
    if 2 * len(numeric) >= len(names):
        raise ValueError(
            f"{path}: the first row must name the columns, but {listing(numeric)} "
            f"{'is a number' if len(numeric) == 1 else 'are numbers'}"
        )
    check_column_names(path, names)
    return names


def too_long(path: Path, place: str, limit: str) -> str:
    """Say that a line is, and how to read it all the same."""
    enough = BYTES_OF_COLUMN * path.stat().st_size  # whatever its characters are
    return (
        f"{path}, {place}: longer than {limit}, the limit; if that is right, raise it: "
        f"max_bytes={enough} in Python, --max-bytes {enough} on the command line"
    )


def csv_words(error: csv.Error) -> str:
    """What is wrong, and what to do."""
    if "field limit" in str(error):
        return f"{error}: is a quote not closed? csv.field_size_limit(...) raises the limit"
    return str(error)
