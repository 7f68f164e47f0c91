"""Rows of a Parquet file that are decoded one after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["RowGroupReader"]


class RowGroupReader:
    """Decodes rows from the beginning of a row group on, and remembers where it is.

    Parameters
    ----------
    batches : iterator of pyarrow.RecordBatch
    start : int
        Number of their first row.

    Attributes
    ----------
    next : int
        Number of the row that comes next.
    """

    def __init__(self, batches: Iterator[Any], start: int) -> None:
        self._batches, self.next = batches, start
        self._rest: Any = None

    def rows(self, start: int, stop: int) -> list[Any]:
        """The rows from one to before another, as batches of Arrow's.

        Parameters
        ----------
        start, stop : int
            ``start`` is `next` or later: rows before it are decoded and left out.
        """
        for _ in self._come(start - self.next):
            pass
        return list(self._come(stop - start))

    def _come(self, count: int) -> Iterator[Any]:
        while count > 0:
            batch = self._rest if self._rest is not None else next(self._batches, None)
            if batch is None:
                raise ValueError("it has fewer rows than it should have")
            taken = batch.slice(0, count)
            self._rest = batch.slice(count) if batch.num_rows > count else None
            self.next += taken.num_rows
            count -= taken.num_rows
            yield taken
