"""Records, dictionaries of values by the names of columns, gathered into columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from ...memory_limit import BYTES_OF_TEXT
from ..cell_parsing import as_text, with_marks_missing
from ..table import Table, check_column_names
from .values import UnusableColumnError, column_from_values, joined

__all__ = ["RecordColumns", "records_to_table"]


def records_to_table(records: Sequence[Mapping[Any, Any]]) -> Table:
    """A table of records in memory; a key that is not there is a missing value."""
    columns = RecordColumns()
    columns.add(records)
    return columns.table()


class RecordColumns:
    """Columns of records that come some at a time.

    A column is known from the first record that has it on; before, its values are missing. One
    that holds lists or the like is left out.

    Parameters
    ----------
    names : iterable of str, optional
        Of columns that are there even if no record has them.
    left_out : mapping of str to str, optional
        Columns to leave out, and what they hold.
    text : collection of str, optional
        Columns to keep as text even if all of it looks like numbers.
    missing : collection of str, optional
        Marks of missing values.
    check : function of (rows, columns), optional
        Raises if these are too many.
    called : str, optional
        What messages call a record.

    Attributes
    ----------
    rows : int
    bytes : int
        That the columns take.
    """

    def __init__(
        self,
        names: Iterable[str] = (),
        left_out: Mapping[str, str] | None = None,
        *,
        text: Collection[str] = (),
        missing: Collection[str] = (),
        check: Callable[[int, int], None] | None = None,
        called: str = "a record",
    ) -> None:
        self._text, self._missing, self._check = text, missing, check
        self._called = called
        self._left_out = dict(left_out or {})
        self._parts: dict[str, list[NDArray[Any]]] = {
            name: [] for name in names if name not in self._left_out
        }
        self.rows = self.bytes = 0

    def add(self, records: Sequence[Mapping[Any, Any]]) -> None:
        """Take the next records."""
        spelled = [_named(record, self._called) for record in records]
        seen = dict.fromkeys(name for record in spelled for name in record)
        new = [name for name in seen if name not in self._parts and name not in self._left_out]
        if self._check is not None:
            self._check(self.rows + len(records), len(self._parts) + len(new))
        for name in new:
            self._parts[name] = [column_from_values([None] * self.rows)] if self.rows else []
        for name in list(self._parts):
            try:
                part = column_from_values([record.get(name) for record in spelled])
            except UnusableColumnError as why:
                del self._parts[name]
                self._left_out[name] = str(why)
                continue
            if name in self._text and part.dtype != "O":
                part = as_text(part)
            part = with_marks_missing(part, self._missing)
            self._parts[name].append(part)
            self.bytes += part.nbytes
            if part.dtype == "O":
                self.bytes += sum(BYTES_OF_TEXT + len(text) for text in set(part.tolist()) if text)
        self.rows += len(records)

    def table(self, **places: Any) -> Table:
        """All of it; with ``places`` as for `Table`."""
        columns = {name: joined(parts) for name, parts in self._parts.items()}
        return Table(columns, left_out=self._left_out, **places)


def _named(record: Mapping[Any, Any], called: str) -> Mapping[str, Any]:
    """A record by names without blanks around them."""
    names = [key.strip() if isinstance(key, str) else str(key) for key in record]
    check_column_names(called, names)
    return dict(zip(names, record.values(), strict=True))
