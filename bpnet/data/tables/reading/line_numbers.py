"""The lines of a text file in which the rows of a table end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LineNumbers"]


class LineNumbers:
    """Line numbers that come some at a time; none is kept while each row is a line.

    Examples
    --------
    >>> numbers = LineNumbers()
    >>> numbers.add([2, 3, 4])
    >>> numbers.places()
    {'first_line': 2}
    >>> numbers.add([6])
    >>> numbers.places()
    {'lines': array([2, 3, 4, 6])}
    """

    def __init__(self) -> None:
        self._first, self._rows = 1, 0
        self._parts: list[NDArray[np.int64]] = []

    def add(self, lines: Sequence[int]) -> None:
        """Take the lines of the next rows, in order."""
        if not self._rows:
            self._first = lines[0]
        before, self._rows = self._rows, self._rows + len(lines)
        if not self._parts:
            if lines[-1] == self._first + self._rows - 1:
                return
            self._parts.append(np.arange(self._first, self._first + before, dtype=np.int64))
        self._parts.append(np.array(lines, dtype=np.int64))

    def places(self) -> dict[str, Any]:
        """What `Table` is to be told."""
        if not self._parts:
            return {"first_line": self._first}
        return {"lines": np.concatenate(self._parts)}
