"""A table in memory: columns by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    lines : array of int, shape (m,), optional
        The line of a text file in which each row ends; messages then speak of lines.
    notes : sequence of str, optional
        What the user should know of how it was read.

    Examples
    --------
    >>> table = Table({"age": np.array([3.0, np.nan])}, lines=np.array([2, 3]))
    >>> table.place(1)
    'line 3'
    """

    def __init__(
        self,
        columns: Mapping[str, NDArray[Any]] | Iterable[tuple[str, NDArray[Any]]] = (),
        *,
        first_row: int = 1,
        lines: NDArray[np.int64] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        super().__init__(columns)
        self.first_row, self.lines, self.notes = first_row, lines, tuple(notes)

    def place(self, row: int) -> str:
        """Where a row, counted from 0, is found by people."""
        if self.lines is not None:
            return f"line {self.lines[row]}"
        return f"row {self.first_row + row}"


def check_column_names(path: Path, names: Sequence[str]) -> None:
    """Raise where two columns of a file have one name."""
    seen: dict[str, int] = {}
    for position, name in enumerate(names, 1):
        first = seen.setdefault(name, position)
        if first < position:
            called = shown(name) if name else "nothing"
            raise ValueError(f"{path}: columns {first} and {position} are both called {called}")
