"""Parquet files, by row groups."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._lib.constraints import Integer
from ..._lib.files import as_path
from ..._lib.wording import shortened, shown
from ..damage import damage_named
from ..parquet_file import check_row_groups, open_parquet, rows_of_a_batch
from .base import Rows, Source
from .row_groups import RowGroupReader
from .selected_columns import SelectedColumns
from .table_values import check_values

__all__ = ["ParquetSource"]

_READERS = 16  # places of a file to go on from


class ParquetSource(Source):
    """Columns of a Parquet file, all numbers; needs pyarrow, the extra ``tables``.

    A row group is decoded from its beginning, piece by piece, so reading begins at borders of row
    groups and goes on from there: groups much smaller than the buffer are mixed best, and of
    several ranks each decodes least.

    Parameters
    ----------
    path : str or path
    target : str or sequence of str
        The column to predict, or several.
    columns : sequence of str, optional
        The features, in this order; all others by default.
    dtype : {"float32", "float64"}, optional
        Of features, and of targets that are no integers.
    max_bytes : int, optional
        What a row group may take once unpacked; by default 64 MiB, or 32 times the size of the
        file if that is more.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If pyarrow is not installed.
    ValueError
        If the file is damaged or empty, has no such column, or one that holds no numbers; when
        read also if a value is missing or not finite. The message gives the column and, rows
        counted from 1, the row.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pytest
    >>> pyarrow = pytest.importorskip("pyarrow")
    >>> import pyarrow.parquet
    >>> from bpnet.data import ParquetSource
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "pets.parquet")
    >>> table = pyarrow.table({"weight": [4.1, 3.8, 9.5], "dog": [0, 0, 1]})
    >>> pyarrow.parquet.write_table(table, path, row_group_size=2)
    >>> with ParquetSource(path, "dog") as rows:
    ...     list(rows.borders()), rows.read(1, 3)
    ([0, 2], (array([[3.8],
           [9.5]], dtype=float32), array([0, 1])))
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
        max_bytes: int | None = None,
    ) -> None:
        path = as_path(path)
        self.name, self._dtype = str(path), dtype
        max_bytes = Integer(1, optional=True)("max_bytes", max_bytes)
        self._arrow, self._file = open_parquet(path, memory_map=True)
        about, schema = self._file.metadata, self._file.schema_arrow
        groups = [about.row_group(k) for k in range(about.num_row_groups)]
        self._columns = SelectedColumns(path, schema.names, target, columns)
        for name in self._columns.names:
            self._refuse_words(name, schema.field(name).type)
        check_row_groups(path, self._file, max_bytes, self._columns.names)
        self._starts = np.cumsum([0, *(group.num_rows for group in groups)])
        self._batch = rows_of_a_batch(len(self._columns.names))
        self.width = len(self._columns.features)
        self._readers: list[RowGroupReader] = []

    def __len__(self) -> int:
        return int(self._starts[-1])

    def borders(self) -> Sequence[int]:
        return [int(start) for start in self._starts[:-1]]

    def read(self, start: int, stop: int) -> Rows:
        reader = self._reader(start)
        try:
            table = self._arrow.Table.from_batches(reader.rows(start, stop))
        except Exception as error:  # pyarrow's are of some ten types
            self._readers.clear()
            group = self._group_of(reader.next)
            raise ValueError(
                f"{self.place(start, stop)}: row group {group} cannot be read "
                f"({shortened(str(error))})"
            ) from error
        chosen = self._columns
        x = self._numbers(table, chosen.features, start, self._dtype)
        kind = table.schema.field(chosen.targets[0]).type
        types = self._arrow.types
        labels = chosen.single and (types.is_integer(kind) or types.is_boolean(kind))
        y = self._numbers(table, chosen.targets, start, "int64" if labels else self._dtype)
        return x, y[:, 0] if chosen.single else y

    def close(self) -> None:
        self._readers.clear()
        self._file.close()

    def _refuse_words(self, name: str, kind: Any) -> None:
        types = self._arrow.types
        known = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
        if not any(is_known(kind) for is_known in known):
            raise ValueError(
                f"{self.name}: column {shown(name)} holds {shortened(str(kind), 80)}: a source "
                "takes numbers only; leave it out by columns=..., or encode it first"
            )

    def _group_of(self, row: int) -> int:
        return int(np.searchsorted(self._starts, row, "right")) - 1

    def _reader(self, start: int) -> RowGroupReader:
        """Whoever is nearest before a row and within its row group, or a new one there.

        Several are kept, as rows of several places may be asked for in turn; at a border between
        groups a new one comes no later.
        """
        group = self._group_of(start)
        first = int(self._starts[group])
        near = [one for one in self._readers if first <= one.next <= start]
        found = max(near, key=lambda one: one.next, default=None)
        if found is None:
            found = RowGroupReader(self._decoded(group), first)
        within = [one for one in self._readers if one is not found and one.next not in self._starts]
        self._readers = [*within, found][-_READERS:]
        return found

    def _decoded(self, group: int) -> Iterator[Any]:
        """Rows from a row group on."""
        for k in range(group, self._file.metadata.num_row_groups):
            yield from self._file.iter_batches(
                self._batch, row_groups=[k], columns=self._columns.names, use_threads=False
            )

    def _numbers(self, table: Any, names: Sequence[str], start: int, dtype: str) -> NDArray[Any]:
        values = np.empty((table.num_rows, len(names)), dtype)
        for k, name in enumerate(names):
            column = table.column(name)
            if column.null_count:
                row = start + column.is_null().index(True).as_py()
                raise ValueError(
                    f"{self.place(row)}, column {shown(name)}: a value is missing; networks take "
                    "finite numbers only"
                )
            with damage_named(f"{self.place(start)}, column {shown(name)} cannot be read"):
                if self._arrow.types.is_decimal(column.type):
                    column = column.cast(self._arrow.float64())
                numbers = column.to_numpy()
            if numbers.dtype == np.uint64 and dtype == "int64" and numbers.max() >= 2**63:
                row = start + int(numbers.argmax())
                raise ValueError(
                    f"{self.place(row)}, column {shown(name)}: {numbers.max()} is too large for "
                    "a label; labels are from 0 to the number of classes less one"
                )
            with np.errstate(over="ignore"):
                values[:, k] = numbers
        return check_values(values, names, start, self)
