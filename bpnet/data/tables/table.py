"""A table in memory: columns by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..._lib.registry import no_such
from ..._lib.wording import shown

__all__ = ["Table", "check_column_names"]


class Table(dict[str, NDArray[Any]]):
    """Columns by name, each of shape (m,).

    A column holds integers; floats, NaN where a value is missing; ``datetime64`` or
    ``timedelta64``, NaT where one is missing; or, in an ``object`` array, text, None where a value
    is missing. Booleans are the texts "True" and "False".

    Parameters
    ----------
    columns : mapping of str to array, shape (m,), optional
    first_row : int, optional
        What number messages give to the first row.
    first_line : int, optional
        The line of a text file in which the first row ends, where each row is a line; messages
        then speak of lines.
    lines : array of int, shape (m,), optional
        The line in which each row ends, where some rows are more lines or some lines are blank.
    rows : array of int, shape (m,), optional
        What number messages give to each row, where they do not simply go up.
    notes : sequence of str, optional
        What the user should know of how it was read.
    left_out : mapping of str to str, optional
        Columns that a table cannot have, and what they hold, as "holds lists". Each becomes a note.

    Examples
    --------
    >>> table = Table({"age": np.array([3.0, np.nan])}, lines=np.array([2, 4]))
    >>> table.place(1)
    'line 4'
    >>> table.take([1]).place(0)
    'line 4'
    """

    def __init__(
        self,
        columns: Mapping[str, NDArray[Any]] | Iterable[tuple[str, NDArray[Any]]] = (),
        *,
        first_row: int = 1,
        first_line: int | None = None,
        lines: NDArray[np.int64] | None = None,
        rows: NDArray[np.int64] | None = None,
        notes: Sequence[str] = (),
        left_out: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(columns)
        self.left_out = dict(left_out or {})
        self._notes = tuple(notes)
        self._unit = "row" if first_line is None and lines is None else "line"
        self._numbers: int | NDArray[np.int64] = first_row if first_line is None else first_line
        for numbers in (lines, rows):
            if numbers is not None:
                self._numbers = numbers

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of how it was read."""
        unusable = (f"column {shown(name)} {why}" for name, why in self.left_out.items())
        return (*self._notes, *(f"{sentence}, and is left out" for sentence in unusable))

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.values()), ()))

    def place(self, row: int) -> str:
        """Where people find a row, counted from 0: "line 12" of a text file, or "row 11"."""
        return f"{self._unit} {self._number(row)}"

    def take(self, rows: ArrayLike) -> Table:
        """Some rows, which keep their places.

        Parameters
        ----------
        rows : array-like
            Their numbers, counted from 0, or a boolean for each row.
        """
        chosen = np.asarray(rows)
        chosen = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen.astype(np.int64)
        return self._moved(
            {name: column[chosen] for name, column in self.items()},
            self._numbers + chosen if isinstance(self._numbers, int) else self._numbers[chosen],
        )

    def part(self, start: int, stop: int) -> Table:
        """Rows from ``start`` to ``stop``, without copies."""
        return self._moved(
            {name: column[start:stop] for name, column in self.items()},
            self._numbers + start if isinstance(self._numbers, int) else self._numbers[start:stop],
        )

    def select(self, names: Iterable[str]) -> Table:
        """Some columns, in this order."""
        return self._moved({name: self[name] for name in names}, self._numbers)

    def find(self, name: str) -> str:
        """The name of the column that is meant; blanks around it do not matter.

        Raises
        ------
        ValueError
            If there is none; the message says why, or which was probably meant.
        """
        if name in self:
            return name
        for known in self:
            if known.strip() == name.strip():
                return known
        if name.strip() in self.left_out:
            raise ValueError(f"column {shown(name)} {self.left_out[name.strip()]}")
        raise ValueError(no_such("column", name, self))

    def _number(self, row: int) -> int:
        numbers = self._numbers
        return numbers + int(row) if isinstance(numbers, int) else int(numbers[row])

    def _moved(
        self, columns: Mapping[str, NDArray[Any]], numbers: int | NDArray[np.int64]
    ) -> Table:
        how = f"first_{self._unit}" if isinstance(numbers, int) else f"{self._unit}s"
        places: dict[str, Any] = {how: numbers}
        return Table(columns, notes=self._notes, left_out=self.left_out, **places)


def check_column_names(place: object, names: Sequence[str], hint: str = "") -> None:
    """Raise where two columns have one name; the message begins with ``place``."""
    seen: dict[str, int] = {}
    for position, name in enumerate(names, 1):
        first = seen.setdefault(name, position)
        if first < position:
            called = shown(name) if name else "nothing"
            raise ValueError(
                f"{place}: columns {first} and {position} are both called {called}{hint}"
            )
