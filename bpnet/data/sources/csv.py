"""Text files with a row of numbers a line, read in chunks."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..._lib.files import as_path, check_regular_file
from ..._lib.wording import count
from ..tables.cell_parsing import parse_number
from ..tables.reading.delimited_file import DelimitedFile, csv_words
from ..tables.reading.options import ReadOptions
from .base import Rows, Source
from .csv_rows import EVERY, index_rows
from .selected_columns import SelectedColumns
from .table_values import check_values, shape_targets

__all__ = ["CsvSource"]

_CHUNK = 1 << 20
_MARK = b"\xef\xbb\xbf"
_LINE_FEED, _RETURN = 10, 13


class CsvSource(Source):
    r"""Columns of a CSV file, all numbers.

    The file is as `read_table` reads it: UTF-8, names in the first row, fields divided by one of
    ``,``, ``;``, tab and ``|``. It is passed over once to find out where rows begin, at the speed
    of the disk, and parsed where it is read.

    Parameters
    ----------
    path : str or path
    target : str or sequence of str
        The column to predict, or several. Whole numbers of a single one are labels where the
        network takes labels: 0, 1, 2, ...
    columns : sequence of str, optional
        The features, in this order; all other columns that have a name by default.
    dtype : {"float32", "float64"}, optional
        Of features.
    header : bool, optional
        As for `read_table`: whether the first row names the columns.
    max_bytes : int, optional
        As for `read_table`: a header of millions of columns is refused.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, has no rows or no such column; when read also if a row has more or
        fewer fields, or a cell is no finite number. The message gives the column, the cell and,
        rows counted from 1 without the header, the row.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from bpnet.data import CsvSource
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "pets.csv")
    >>> _ = path.write_text("weight,dog\n4.1,0\n3.8,0\n9.5,1\n")
    >>> with CsvSource(path, "dog") as rows:
    ...     rows.read(1, 3)
    (array([[3.8],
           [9.5]], dtype=float32), array([0, 1]))
    >>> _ = path.write_text("weight,dog\n4.1,0\nheavy,0\n9.5,1\n")
    >>> CsvSource(path, "dog").read(0, 3)
    Traceback (most recent call last):
    ValueError: ...pets.csv, row 2, column 'weight': 'heavy' is not a number; a source takes ...
    >>> folder.cleanup()
    """

    first_number = 1

    def __init__(
        self,
        path: str | os.PathLike[str],
        target: str | Sequence[str],
        *,
        columns: Sequence[str] | None = None,
        dtype: str = "float32",
        header: bool | None = None,
        max_bytes: int | None = None,
    ) -> None:
        path = as_path(path)
        self.name, self._dtype = str(path), dtype
        check_regular_file(path)
        self._table = DelimitedFile(
            path, ReadOptions(header=header, encoding="utf-8", max_bytes=max_bytes)
        )
        if self._table.text.packed or self._table.text.encoding not in ("utf-8", "utf-8-sig"):
            form = (
                "compressed" if self._table.text.packed else f"text in {self._table.text.encoding}"
            )
            raise ValueError(
                f"{path}: {form}, but a source reads from any place in a file: write it as UTF-8 "
                "that is not compressed"
            )
        names, self._delimiter = self._table.names, self._table.delimiter
        if self._table.n_above > 1 or self._table.n_fields > len(names):
            raise ValueError(
                f"{path}: {self._table.notes[0]}, but a source begins with the names of its "
                "columns: delete lines above them, and give each column a name"
            )
        with path.open("rb") as file:
            first = file.read(_CHUNK)
        begin = len(_MARK) if first.startswith(_MARK) else 0
        # Old files of a Mac have no line feeds.
        line_end = _LINE_FEED if b"\n" in first or b"\r" not in first else _RETURN
        self._index = index_rows(
            path,
            begin,
            self._delimiter,
            line_end,
            chunk=_CHUNK,
            longest=self._table.text.longest_line,
            header=self._table.n_above > 0,
        )
        if not len(self):
            raise ValueError(f"{path}: a header with {count(len(names), 'column')}, but no rows")
        self._fields = len(names)
        self._columns = SelectedColumns(path, names, target, columns)
        self.width = len(self._columns.features)

    def __len__(self) -> int:
        return self._index.rows

    def read(self, start: int, stop: int) -> Rows:
        first, last = start // EVERY, -(-stop // EVERY)
        before, expected = first * EVERY, min(last * EVERY, len(self)) - first * EVERY
        begin, end = (int(self._index.starts[k]) for k in (first, last))
        values = self._values(begin, end, before, expected)
        part = values[start - before : stop - before]
        width, names = len(self._columns.features), self._columns.names
        with np.errstate(over="ignore"):
            x = part[:, :width].astype(self._dtype)
        check_values(x, names, start, self)
        y = check_values(part[:, width:], names[width:], start, self)
        return x, shape_targets(y, single=self._columns.single)

    def _values(self, begin: int, end: int, before: int, expected: int) -> NDArray[np.float64]:
        """Cells of the chosen columns as numbers, shape (expected, columns)."""
        data = self._bytes(begin, end)
        mark = self._delimiter.encode()
        # NumPy is fast, and does not say enough of what it refuses.
        if b'"' not in data and data.count(mark) == expected * (self._fields - 1):
            text = self._text(data)
            if self._delimiter == ";":  # where it divides fields, a comma may be decimal
                text = text.replace(",", ".")
            try:
                values: NDArray[np.float64] = np.loadtxt(
                    io.StringIO(text, newline=None),
                    delimiter=self._delimiter,
                    usecols=self._columns.positions,
                    comments=None,
                    ndmin=2,
                )
            except ValueError:
                pass
            else:
                if len(values) == expected and np.isfinite(values).all():
                    return values
        return self._one_by_one(self._parsed(begin, end), before, expected)

    def _one_by_one(self, rows: list[list[str]], before: int, expected: int) -> NDArray[np.float64]:
        for k, row in enumerate(rows):
            if len(row) != self._fields:
                raise ValueError(
                    f"{self.place(before + k)}: {count(len(row), 'field')}, expected {self._fields}"
                )
        if len(rows) != expected:
            raise ValueError(
                f"{self.place(before, before + expected)}: {count(len(rows), 'row')} where there "
                f"were {expected}: the file has changed, or has a quote within a field"
            )
        values = np.empty((len(rows), len(self._columns.names)))
        for column, (position, name) in enumerate(
            zip(self._columns.positions, self._columns.names, strict=True)
        ):
            for k, row in enumerate(rows):
                values[k, column] = self._number(row[position].strip(), before + k, name)
        return values

    def _number(self, cell: str, row: int, name: str) -> float:
        value = parse_number(cell)
        if value is None and self._delimiter == ";":
            value = parse_number(cell.replace(",", "."))
        if value is None or not np.isfinite(value):
            why = "is missing" if not cell else "is not a number" if value is None else "is no use"
            raise ValueError(
                f"{self.place(row)}, column {name!r}: {cell!r} {why}; a source takes finite "
                "numbers only: leave the column out by columns=..., or encode it first"
            )
        return value

    def _parsed(self, begin: int, end: int) -> list[list[str]]:
        """Rows between two bytes of the file, as lists of fields."""
        text = io.StringIO(self._text(self._bytes(begin, end)), newline="")
        lines = self._table.checked(text, f"byte {begin}, line {{}} from there")
        reader = csv.reader(lines, delimiter=self._delimiter, skipinitialspace=True, strict=True)
        try:
            return [row for row in reader if "".join(row).strip() or row[1:]]
        except csv.Error as error:
            raise ValueError(
                f"{self.name}, byte {begin}, line {reader.line_num} from there: {csv_words(error)}"
            ) from None

    def _bytes(self, begin: int, end: int) -> bytes:
        with open(self.name, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size != self._index.size:
                raise ValueError(
                    f"{self.name}: the file had {self._index.size} bytes, and now has {size}"
                )
            file.seek(begin)
            return file.read(end - begin)

    def _text(self, data: bytes) -> str:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{self.name}: byte 0x{data[error.start]:02x} is not UTF-8 text; "
                "save the file as CSV in UTF-8"
            ) from None
