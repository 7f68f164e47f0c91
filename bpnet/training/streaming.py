"""Mini-batches of data that is larger than memory, or than the device's."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .._lib.constraints import Integer
from ..backends import Array
from ..randomness import generator
from .buffer_reader import BufferReader, Prepare
from .feeds import Block, rows_of_blocks, step_sizes
from .orders import order_of_epoch
from .row_blocks import RowBlocks

if TYPE_CHECKING:
    from ..data.sources.base import Source

__all__ = ["StreamFeed", "rows_within", "steps_of_buffer"]

_MIX = 2  # a purpose of `randomness.generator`
_MEMORY = 2**26
_BLOCKS = 16  # of a buffer, from as many places of the data
_GROUPS = 3  # buffers at a time: computed with, read ahead, and a copy on the way to the device
_ORDER = 32  # bytes that the order of rows takes for each of them
# The first buffer of an epoch is waited for, so there should be several. A small one is computed
# with before the next is there: while Python computes, a thread that asks for the interpreter
# waits for about a millisecond.
_LEAST_BUFFERS, _LEAST_ROWS = 8, 4096


class StreamFeed:
    """Mini-batches of a source, of which a few blocks of rows are in memory at a time.

    An epoch reads the source's blocks in a random order into a buffer, one buffer after another,
    and mixes the rows of each. That order is a function of the seed, the epoch and the sizes given
    here alone. While one buffer is computed with, a thread reads the next one and brings it to the
    device; it ends with the epoch, or with whatever ends the epoch before its time.

    Parameters
    ----------
    source : Source
    prepare : callable
        See `BufferReader`.
    batch_size : int
    seed : int
    buffer_rows : int, optional
        Rows in the buffer at most, of which a mini-batch is drawn; by default an eighth of all or
        4096, if 64 MB are enough for `rows_within`. It holds a mini-batch at least, and divides the
        epoch evenly.
    block_rows : int, optional
        Rows that are read in one go; by default a sixteenth of the buffer.
    shuffle : bool, optional
        Whether blocks and rows are mixed; otherwise rows come in the source's own order.
    **reading
        Options of `BufferReader`. The mini-batches are the same.

    Attributes
    ----------
    samples, batch_size, steps_per_epoch, identity
        See `BatchFeed`.
    buffer_rows, block_rows : int
        What was made of those given.

    Notes
    -----
    Each x and y of an epoch has as many rows as the others, so that nothing is compiled twice:
    the last buffer is filled up with rows that no mini-batch has.

    Errors of the source and of `prepare` are raised by the iterator of blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.data import ArraySource
    >>> from bpnet.training.streaming import StreamFeed
    >>> data = ArraySource(np.arange(10.0)[:, None], np.arange(10))
    >>> feed = StreamFeed(data, lambda x, y: (x, y, y), batch_size=4, seed=0, buffer_rows=4)
    >>> [block.y[block.order].tolist() for block in feed.blocks(epoch=0)]
    [[[3, 1, 9, 8]], [[0, 7, 6, 4]], [[5, 2]]]
    """

    def __init__(
        self,
        source: Source,
        prepare: Prepare,
        *,
        batch_size: int,
        seed: int,
        buffer_rows: int | None = None,
        block_rows: int | None = None,
        shuffle: bool = True,
        **reading: Any,
    ) -> None:
        buffer_rows = Integer(1, optional=True)("buffer_rows", buffer_rows)
        block_rows = Integer(1, optional=True)("block_rows", block_rows)
        self._seed, self._shuffle = seed, shuffle
        self._reader = BufferReader(source, prepare, **reading)
        self.samples = len(source)
        self.batch_size = min(batch_size, self.samples)
        self.steps_per_epoch = math.ceil(self.samples / self.batch_size)
        self._steps = steps_of_buffer(source, self.batch_size, buffer_rows)
        self.buffer_rows = min(self._steps * self.batch_size, self.samples)
        self.block_rows = block_rows or max(1, self.buffer_rows // _BLOCKS)
        self.identity = f"a source, {self.block_rows} rows at a time into {self.buffer_rows}"
        if not shuffle:
            self.identity = "a source, shuffle=False"
        self._rows = RowBlocks(source, self.block_rows, 0, self.samples)

    def blocks(
        self,
        epoch: int,
        first_step: int = 0,
        at_most: int = 2**30,
        stopping: Callable[[], bool] | None = None,
    ) -> Generator[Block, None, None]:
        """See `BatchFeed`. Ends what was begun before: one epoch is read at a time."""
        if first_step >= self.steps_per_epoch:
            return
        k, start = divmod(first_step, self._steps)
        with self._reader.read(self._buffers(epoch, k), stopping) as buffers:
            for x, y, targets in buffers:
                order = self._mixed(epoch, k)
                try:
                    for rows in rows_of_blocks(order, self.batch_size, start, at_most):
                        yield Block(x, y, rows, targets)
                finally:
                    self._reader.done()
                    del x, y, targets  # not to be kept while the next buffer is waited for
                k, start = k + 1, 0

    def step_weights(self, epoch: int) -> np.ndarray[Any, Any]:
        """See `BatchFeed`."""
        return step_sizes(self.samples, self.batch_size)

    def everything(
        self, stopping: Callable[[], bool] | None = None
    ) -> Iterator[tuple[Array, Array]]:
        """See `BatchFeed`. Ends what was begun before."""
        with self._reader.read(self._in_order(), stopping) as parts:
            for x, _, targets in parts:
                try:
                    yield x, targets
                finally:
                    self._reader.done()
                    del x, targets

    def prepare_first(self) -> None:
        """Prepare the first rows, in this thread: for what `prepare` makes of them."""
        with contextlib.closing(self._in_order()) as parts:
            next(parts)
            self._reader.done()

    def in_memory(self) -> None:
        """See `BatchFeed`: what is read is not kept."""

    def close(self) -> None:
        """Stop reading; what was begun cannot be gone on with. The source stays open."""
        self._reader.close()

    def _span(self, k: int) -> tuple[int, int]:
        """Which of the rows of an epoch are in the k-th buffer."""
        size = self._steps * self.batch_size
        return k * size, min((k + 1) * size, self.samples)

    def _mixed(self, epoch: int, k: int) -> np.ndarray[Any, Any]:
        """The order of a buffer's rows."""
        start, stop = self._span(k)
        if not self._shuffle:
            return np.arange(stop - start)
        return generator(self._seed, _MIX, epoch, k).permutation(stop - start)

    # ------------------------------------------------------------------ in the reading thread

    def _buffers(self, epoch: int, first: int) -> Generator[Any, None, None]:
        """x and y on the device, from a buffer on."""
        order = order_of_epoch(self._shuffle, epoch, len(self._rows), seed=self._seed)
        for k in range(first, math.ceil(self.steps_per_epoch / self._steps)):
            runs = self._rows.runs(order, *self._span(k))
            yield self._reader.filled(runs, self.buffer_rows)

    def _in_order(self) -> Generator[Any, None, None]:
        for start in range(0, self.samples, self.buffer_rows):
            stop = min(start + self.buffer_rows, self.samples)
            yield self._reader.filled([(start, stop)], stop - start)


def steps_of_buffer(source: Source, batch_size: int, buffer_rows: int | None = None) -> int:
    """Mini-batches in a buffer, so that buffers divide the epoch evenly.

    Parameters
    ----------
    source : Source
    batch_size : int
        At most the source's samples.
    buffer_rows : int, optional
        See `StreamFeed`.
    """
    samples = len(source)
    if buffer_rows is None:
        most = max(_LEAST_ROWS, samples // _LEAST_BUFFERS)
        buffer_rows = min(most, rows_within(_MEMORY, _width(source)))
    steps = math.ceil(samples / batch_size)
    buffers = math.ceil(steps / max(1, buffer_rows // batch_size))
    return math.ceil(steps / buffers)


def rows_within(memory: int, values: int) -> int:
    """Rows of a `StreamFeed`'s buffer that keep all it holds within so many bytes.

    Parameters
    ----------
    memory : int
        Bytes, where numbers are float32; in float64 twice as many are taken.
    values : int
        Numbers of a sample and its targets.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> from bpnet.training.streaming import rows_within
    >>> rows_within(100_000_000, 784 + 10)
    10460
    """
    return max(1, memory // (_GROUPS * 4 * values + _ORDER))


def _width(source: Source) -> int:
    """Numbers of a row, or about so many: of targets little is known before they are prepared."""
    width = source.width or np.asarray(source.read(0, 1)[0]).shape[1]
    return int(width) + 16
