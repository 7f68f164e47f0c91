"""Blocks of steps whose mini-batches are cut into parts."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import numpy as np

from ...backends import Backend
from ..feeds import BatchFeed, Block
from .exchange import Exchange
from .parts import cut

__all__ = ["PartedBlock", "PartedFeed", "shuffled_by_first_rank"]


def shuffled_by_first_rank(
    shuffle: Callable[[int], Any], exchange: Exchange, backend: Backend
) -> Callable[[int], Any]:
    """The same function of the program's own, called on the first rank alone.

    Others would have other mini-batches if it is random, and be told of no error in it.
    """

    def order(epoch: int) -> Any:
        def rows() -> Any:
            given = shuffle(epoch)
            own = backend.owns(given) and not isinstance(given, np.ndarray)
            return backend.to_numpy(given) if own else given

        return exchange.of_first_rank(rows)

    order.__qualname__ = getattr(shuffle, "__qualname__", type(shuffle).__qualname__)
    return order


class PartedBlock(NamedTuple):
    """A rank's parts of the mini-batches of a block of steps.

    Parameters
    ----------
    m : int
        Samples of each whole mini-batch.
    own : Block
        This rank's parts of them, side by side; perhaps without any columns.
    whole : Block or None
        The mini-batches as a whole, where every rank has all samples.
    """

    m: int
    own: Block
    whole: Block | None = None

    @property
    def steps(self) -> int:
        """Number of mini-batches."""
        return self.own.steps


class PartedFeed:
    """A feed of samples that every rank has in memory; see `BatchFeed`.

    Parameters
    ----------
    feed : MemoryFeed
        Of whole mini-batches.
    exchange : Exchange
    """

    def __init__(self, feed: BatchFeed, exchange: Exchange) -> None:
        self._feed, self._exchange = feed, exchange
        self.samples, self.batch_size = feed.samples, feed.batch_size
        self.steps_per_epoch, self.identity = feed.steps_per_epoch, feed.identity
        self.everything, self.in_memory = feed.everything, feed.in_memory
        self.step_weights, self.close = feed.step_weights, feed.close

    def blocks(
        self,
        epoch: int,
        first_step: int = 0,
        at_most: int = 2**30,
        stopping: Callable[[], bool] | None = None,
    ) -> Generator[Any, None, None]:
        """The blocks of an epoch, each a `PartedBlock`; see `BatchFeed`."""
        for block in self._feed.blocks(epoch, first_step, at_most, stopping):
            m = block.order.shape[1]
            edges, own = cut(m, self._exchange.blocks), self._exchange.own
            columns = block.order[:, edges[own.start] : edges[own.stop]]
            yield PartedBlock(m, block._replace(order=np.ascontiguousarray(columns)), block)
