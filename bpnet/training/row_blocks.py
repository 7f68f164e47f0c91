"""Blocks of a source's rows, in whose order an epoch reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ..data.sources.base import Source

__all__ = ["RowBlocks"]


class RowBlocks:
    """Some of a source's rows, cut into blocks that are read in one go.

    Parameters
    ----------
    source : Source
    rows : int
        About so many are in a block; a source's own borders are kept.
    start, stop : int
        The rows from one to before another.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.data import ArraySource
    >>> from bpnet.training.row_blocks import RowBlocks
    >>> data = ArraySource(np.arange(10.0)[:, None], np.arange(10))
    >>> blocks = RowBlocks(data, rows=3, start=0, stop=8)
    >>> len(blocks), blocks.runs(np.array([2, 0, 1]), 1, 7)
    (3, [(7, 8), (0, 5)])
    """

    def __init__(self, source: Source, rows: int, start: int, stop: int) -> None:
        self._starts = _starts(source, rows, start, stop)
        self._sizes = np.diff(self._starts, append=stop)

    def __len__(self) -> int:
        return len(self._starts)

    def runs(self, order: np.ndarray[Any, Any], start: int, stop: int) -> list[tuple[int, int]]:
        """The rows from one to before another of an epoch, as runs of the source's rows.

        Parameters
        ----------
        order : numpy.ndarray of int
            Of the blocks.
        start, stop : int
        """
        ends = np.cumsum(self._sizes[order])
        found: list[tuple[int, int]] = []
        k = int(np.searchsorted(ends, start, side="right"))
        while start < stop:
            begin = int(self._starts[order[k]] + self._sizes[order[k]] - (ends[k] - start))
            rows = min(int(ends[k]), stop) - start
            if found and found[-1][1] == begin:
                found[-1] = found[-1][0], begin + rows
            else:
                found.append((begin, begin + rows))
            start, k = start + rows, k + 1
        return found


def _starts(source: Source, rows: int, start: int, stop: int) -> np.ndarray[Any, Any]:
    """Where blocks of about so many rows begin."""
    if source.sequential:
        return np.array([start], np.int64)
    borders = source.borders()
    if not len(borders):
        return np.arange(start, stop, rows)
    starts = [start]
    for border in borders:
        if start < border < stop and border - starts[-1] >= rows:
            starts.append(border)
    return np.array(starts, np.int64)
