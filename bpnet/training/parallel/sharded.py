"""A feed of which each rank reads its own part."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..buffer_reader import BufferReader, Prepare
from ..feeds import Block, spans_of_blocks, step_sizes
from ..streaming import steps_of_buffer
from .blocks import PartedBlock
from .exchange import Exchange
from .shards import Shards

if TYPE_CHECKING:
    from ...data.sources.base import Source

__all__ = ["ShardedFeed"]


class ShardedFeed:
    """Mini-batches of a source, of which a rank reads its own parts alone; see `BatchFeed`.

    As a `StreamFeed` reads rows into buffers that it mixes, but part by part; see `Shards`.

    Parameters
    ----------
    source : Source
    prepare : callable
        See `BufferReader`.
    exchange : Exchange
    batch_size : int
    seed : int
    shuffle : bool
    **reading
        Options of `BufferReader`.
    """

    def __init__(
        self,
        source: Source,
        prepare: Prepare,
        exchange: Exchange,
        *,
        batch_size: int,
        seed: int,
        shuffle: bool,
        **reading: Any,
    ) -> None:
        self._reader = BufferReader(source, prepare, **reading)
        self.samples = len(source)
        self.batch_size = min(batch_size, self.samples)
        self.steps_per_epoch = -(-self.samples // self.batch_size)
        # It may read a row to learn how wide it is.
        self._steps = exchange.of_first_rank(lambda: steps_of_buffer(source, self.batch_size))
        self._shards = Shards(
            source,
            batch_size=self.batch_size,
            blocks=exchange.blocks,
            own=exchange.own,
            steps=self._steps,
            seed=seed,
            shuffle=shuffle,
        )
        self.identity = self._shards.identity
        spans = [self._span(k) for k in range(-(-self.steps_per_epoch // self._steps))]
        self._spans, self._rows = spans, max(self._shards.count(*span) for span in spans)

    def blocks(
        self,
        epoch: int,
        first_step: int = 0,
        at_most: int = 2**30,
        stopping: Callable[[], bool] | None = None,
    ) -> Generator[Any, None, None]:
        """The blocks of an epoch, each a `PartedBlock`; see `BatchFeed`."""
        return self._blocks(epoch, first_step, at_most)

    def _blocks(
        self, epoch: int | None, first_step: int, at_most: int
    ) -> Generator[Any, None, None]:
        # Nothing ends the wait for samples: the other ranks would wait for this one.
        if first_step >= self.steps_per_epoch:
            return
        k, start = divmod(first_step, self._steps)
        rest = self._shards.rest
        with self._reader.read(self._buffers(epoch, k), None) as buffers:
            for x, y, targets in buffers:
                full, last = self._shards.orders(epoch, *self._spans[k])
                try:
                    for one, other in spans_of_blocks(len(full), start, at_most):
                        yield PartedBlock(self.batch_size, Block(x, y, full[one:other], targets))
                    if len(last):
                        yield PartedBlock(rest, Block(x, y, last, targets))
                finally:
                    self._reader.done()
                    del x, y, targets  # not to be kept while the next buffer is waited for
                k, start = k + 1, 0

    def _span(self, k: int) -> tuple[int, int]:
        """The steps of the k-th buffer of an epoch, from one to before another."""
        return k * self._steps, min((k + 1) * self._steps, self.steps_per_epoch)

    def _buffers(self, epoch: int | None, first: int) -> Generator[Any, None, None]:
        """In the reading thread: x, y and targets on the device, from a buffer on."""
        for span in self._spans[first:]:
            runs = self._shards.runs(epoch, *span)
            yield self._reader.filled(runs, self._rows) if runs else (None, None, None)

    def step_weights(self, epoch: int) -> np.ndarray[Any, Any]:
        """See `BatchFeed`."""
        return step_sizes(self.samples, self.batch_size)

    def everything(self, stopping: Callable[[], bool] | None = None) -> Generator[Any, None, None]:
        """All samples in an order that is the same every time, as a `PartedBlock` at a time."""
        return self._blocks(None, 0, 2**30)

    def prepare_first(self) -> None:
        """Prepare the first rows, of whichever rank, for what `prepare` makes of them."""
        stop = min(self._steps * self.batch_size, self.samples)
        self._reader.filled([(0, stop)], stop)
        self._reader.done()

    def in_memory(self) -> None:
        """See `BatchFeed`: what is read is not kept."""

    def close(self) -> None:
        """Stop reading; what was begun cannot be gone on with. The source stays open."""
        self._reader.close()
