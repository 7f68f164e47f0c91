"""Which rows of a source are whose: each part of a mini-batch has rows of its own."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from ...randomness import generator
from ..row_blocks import RowBlocks
from .parts import cut

if TYPE_CHECKING:
    from ...data.sources.base import Source

__all__ = ["Shards"]

_MIX, _READ = 2, 5  # purposes of `randomness.generator`
_BLOCKS = 16  # of a shard's rows in a buffer, from as many places of them


class Shards:
    """The rows of a rank's parts of mini-batches, in the order in which epochs use them.

    Where rows are mixed, the k-th part of every mini-batch is drawn from the k-th shard: one range
    of the source's rows, of as many as an epoch needs for that part. Otherwise, and where a source
    can only be read in its own order, the mini-batches of that order are cut. None of it depends on
    the number of ranks, but for who reads what.

    Parameters
    ----------
    source : Source
    batch_size : int
    blocks : int
        Parts of a mini-batch.
    own : range
        Those of this rank.
    steps : int
        Mini-batches in a buffer.
    seed : int
    shuffle : bool

    Attributes
    ----------
    identity : str
        See `BatchFeed`.
    """

    def __init__(
        self,
        source: Source,
        *,
        batch_size: int,
        blocks: int,
        own: range,
        steps: int,
        seed: int,
        shuffle: bool,
    ) -> None:
        self._own, self._seed, self._shuffle = own, seed, shuffle
        self._batch_size = batch_size
        self._full, self.rest = divmod(len(source), batch_size)
        self._edges, self._last_edges = cut(batch_size, blocks), cut(self.rest, blocks)
        self._ranges: dict[int, RowBlocks] | None = None
        self.identity = "a source, shuffle=False"
        if not shuffle:
            return
        rows = min(steps * batch_size, len(source))
        self.identity = f"a source in its own order, into {rows} rows that are mixed"
        if source.sequential:
            return
        block = max(1, rows // blocks // _BLOCKS)
        self.identity = f"a source in {blocks} shards, {block} rows at a time into {rows}"
        sizes = [self._before(k, self._full + 1) for k in range(blocks)]
        starts = [0, *itertools.accumulate(sizes)]
        self._ranges = {k: RowBlocks(source, block, starts[k], starts[k + 1]) for k in own}

    def _before(self, k: int, step: int) -> int:
        """Rows that a part has had before a step of an epoch."""
        full = min(step, self._full) * (self._edges[k + 1] - self._edges[k])
        return full + (step > self._full) * (self._last_edges[k + 1] - self._last_edges[k])

    def count(self, first: int, stop: int) -> int:
        """Rows of this rank in the steps from one to before another."""
        return sum(self._before(k, stop) - self._before(k, first) for k in self._own)

    def runs(self, epoch: int | None, first: int, stop: int) -> list[tuple[int, int]]:
        """The source's rows of this rank in some steps of an epoch, as runs of them.

        Parameters
        ----------
        epoch : int or None
            None for the order of the source.
        first, stop : int
            The steps from one to before another.
        """
        if self._ranges is None:
            each = (self._run(step) for step in range(first, stop))
            return [(start, stop) for start, stop in each if start < stop]
        found = []
        for k, blocks in self._ranges.items():
            order = np.arange(len(blocks))
            if epoch is not None:
                order = generator(self._seed, _READ, epoch, k).permutation(order)
            found += blocks.runs(order, self._before(k, first), self._before(k, stop))
        return found

    def _run(self, step: int) -> tuple[int, int]:
        """This rank's rows of a mini-batch in the source's order."""
        edges = self._edges if step < self._full else self._last_edges
        start = step * self._batch_size
        return start + edges[self._own.start], start + edges[self._own.stop]

    def orders(
        self, epoch: int | None, first: int, stop: int
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Rows of a buffer that has what `runs` says: a line for each mini-batch.

        Returns
        -------
        full : numpy.ndarray of int64, shape (steps, rows)
            Of the full mini-batches, part beside part.
        last : numpy.ndarray of int64, shape (0 or 1, rows)
            Of the smaller last one, if there is one among them.
        """
        full, last = min(stop, self._full) - first, int(stop > self._full)
        columns, ends = [], []
        offset = 0
        for k in self._own:
            size = self._edges[k + 1] - self._edges[k]
            rows = self._rows_of(k, full, last, offset)
            offset += len(rows)
            if epoch is not None and self._shuffle:
                mixed = generator(self._seed, _MIX, epoch, first, k).permutation(len(rows))
                rows = rows[mixed]
            columns.append(rows[: full * size].reshape(full, size))
            rest = self._last_edges[k + 1] - self._last_edges[k]
            ends.append(rows[full * size :].reshape(last, rest))
        if not columns:
            return np.zeros((full, 0), np.int64), np.zeros((last, 0), np.int64)
        return np.concatenate(columns, axis=1), np.concatenate(ends, axis=1)

    def _rows_of(self, k: int, full: int, last: int, offset: int) -> np.ndarray[Any, Any]:
        """Where the rows of a part are in a buffer, in their order."""
        size = self._edges[k + 1] - self._edges[k]
        rest = last * (self._last_edges[k + 1] - self._last_edges[k])
        if self._ranges is not None:
            return np.arange(offset, offset + full * size + rest)
        own = self._own
        width = self._edges[own.stop] - self._edges[own.start]
        first = self._edges[k] - self._edges[own.start]
        before = full * width + self._last_edges[k] - self._last_edges[own.start]
        each = np.arange(full)[:, None] * width + np.arange(first, first + size)
        return np.concatenate([each.reshape(-1), np.arange(before, before + rest)])
