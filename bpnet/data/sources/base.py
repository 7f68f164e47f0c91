"""What training asks of data that is read some rows at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np

from ..._lib.prefetch import check_wanted
from ...backends.host_arrays import host_array

__all__ = ["Empty", "Rows", "Source"]

Rows: TypeAlias = "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]"
"""Samples and their targets: x of shape (m, n), y of shape (m,) or (m, k)."""

Empty: TypeAlias = "Callable[[tuple[int, ...], np.dtype[Any]], np.ndarray[Any, Any]]"
"""Makes an array whose entries do not matter."""


class Source(ABC):
    """Samples that are read some rows at a time; a subclass says how many there are, and reads.

    One thread at a time reads, which need not be the one that made the source.

    Attributes
    ----------
    name : str
        What messages call it.
    width : int or None
        Columns of x, where that is known before anything is read.
    sequential : bool
        Whether rows come in their own order only, so that shuffling is left to a buffer.
    first_number : int
        What messages call the first row: tables are counted from 1, arrays from 0.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.data import Source
    >>> class Squares(Source):
    ...     name = "squares"
    ...     def __len__(self):
    ...         return 1_000_000
    ...     def read(self, start, stop):
    ...         x = np.arange(start, stop, dtype=np.float32)[:, None] / 1e6
    ...         return x, x**2
    >>> Squares().place(5, 8)
    'squares, rows 5 to 7'
    """

    name: str = "the source"
    width: int | None = None
    sequential: bool = False
    first_number: int = 0

    @abstractmethod
    def __len__(self) -> int:
        """How many samples there are."""

    @abstractmethod
    def read(self, start: int, stop: int) -> Rows:
        """The samples from ``start`` to before ``stop``.

        Returns
        -------
        x : array, shape (stop - start, n)
        y : array, shape (stop - start,) or (stop - start, k)
            Both may be views of a file; whoever keeps them copies them.
        """

    def gather(self, runs: Sequence[tuple[int, int]], rows: int, empty: Empty = np.empty) -> Rows:
        """The samples of several runs of rows, one run after another, in arrays of their own.

        Parameters
        ----------
        runs : sequence of (start, stop)
        rows : int
            Of the arrays; what is more than the runs have is filled up with the first sample.
        empty : callable, optional
            ``empty(shape, dtype)`` makes the arrays.

        Returns
        -------
        x : array, shape (rows, n)
        y : array, shape (rows,) or (rows, k)

        Raises
        ------
        ValueError
            If what was read has another number of rows, or another width than before.
        """
        x: np.ndarray[Any, Any] | None = None
        y: np.ndarray[Any, Any] | None = None
        at = 0
        for start, stop in runs:
            check_wanted()
            part = self._part(start, stop)
            place = self.place(start, stop)
            if x is None or y is None:
                x, y = (empty((rows, *one.shape[1:]), one.dtype.newbyteorder("=")) for one in part)
            x = _put(x, part[0], at, f"{place}: x")
            y = _put(y, part[1], at, f"{place}: y")
            at += stop - start
        if x is None or y is None:
            raise ValueError("gather needs at least one run of rows, and runs is empty")
        if at < rows:
            x[at:], y[at:] = x[0], y[0]
        return x, y

    def _part(self, start: int, stop: int) -> Rows:
        """What `read` gives, as it should be."""
        try:
            read = self.read(start, stop)
            if not isinstance(read, tuple | list) or len(read) != 2:
                raise TypeError(f"read(...) gave a {type(read).__name__}, expected (x, y)")
            x, y = (host_array(one, name) for one, name in zip(read, "xy", strict=True))
        except Exception as error:
            error.add_note(f"while reading {self.place(start, stop)}")
            raise
        if x.ndim != 2 or y.ndim not in (1, 2) or not len(x) == len(y) == stop - start:
            raise ValueError(
                f"{self.place(start, stop)}: read(...) gave x of shape {x.shape} and y of shape "
                f"{y.shape}, expected {stop - start} rows of each"
            )
        return x, y

    def borders(self) -> Sequence[int]:
        """Rows at which reading should begin, from 0 on; empty where one is as good as another."""
        return ()

    def close(self) -> None:
        """Let go of files; nothing is read afterwards."""
        return

    def place(self, start: int, stop: int | None = None) -> str:
        """How messages name a row, or the rows from ``start`` to before ``stop``."""
        first = start + self.first_number
        if stop is None or stop == start + 1:
            return f"{self.name}, row {first}"
        return f"{self.name}, rows {first} to {stop - 1 + self.first_number}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}, {len(self):,} rows)"

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _put(
    room: np.ndarray[Any, Any], part: np.ndarray[Any, Any], at: int, place: str
) -> np.ndarray[Any, Any]:
    """An array, one part of it filled in."""
    if part.shape[1:] != room.shape[1:]:
        raise ValueError(f"{place} has rows of shape {part.shape[1:]}, others {room.shape[1:]}")
    if not np.can_cast(part.dtype, room.dtype):
        room = room.astype(np.result_type(part.dtype, room.dtype))
    room[at : at + len(part)] = part
    return room
