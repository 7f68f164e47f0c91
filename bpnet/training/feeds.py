"""Where mini-batches come from: the loop asks a feed for an epoch's blocks."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Generator, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..backends import Array, Backend
from .orders import Shuffle, order_of_epoch, shuffle_in_words

__all__ = [
    "BatchFeed",
    "Block",
    "MemoryFeed",
    "rows_of_blocks",
    "spans_of_blocks",
    "step_sizes",
]


class Block(NamedTuple):
    """Samples on the device, and mini-batches of them.

    Parameters
    ----------
    x : array or SparseRows, shape (rows, n_0)
    y : array, shape (rows, n_L)
        Targets, and perhaps a last column of the samples' weights.
    order : numpy.ndarray of int64, shape (steps, batch)
        Rows of x and y, a mini-batch each.
    targets : array, shape (rows, n_L)
        Of the samples as the user gave them, neither smoothed nor weighted.
    """

    x: Array
    y: Array
    order: np.ndarray[Any, Any]
    targets: Array

    @property
    def steps(self) -> int:
        """Number of mini-batches."""
        return len(self.order)


class BatchFeed(Protocol):
    """What gives the samples of each epoch.

    Attributes
    ----------
    samples : int
        Of an epoch.
    batch_size, steps_per_epoch : int
    identity : str
        What the order of the samples depends on beside their number and the seed.
    """

    identity: str
    samples: int
    batch_size: int
    steps_per_epoch: int

    def blocks(
        self,
        epoch: int,
        first_step: int = 0,
        at_most: int = 2**30,
        stopping: Callable[[], bool] | None = None,
    ) -> Generator[Block, None, None]:
        """The blocks of an epoch, from a step on, each of so many steps at most.

        The mini-batches are the same whatever the step and the limit. A smaller last one comes as
        a block of its own. A feed that waits for samples asks ``stopping()`` meanwhile, and ends
        when it is true.
        """

    def step_weights(self, epoch: int) -> np.ndarray[Any, Any]:
        """Weight of each step's samples together, without weights their number: shape (steps,)."""

    def everything(
        self, stopping: Callable[[], bool] | None = None
    ) -> Iterator[tuple[Array, Array]]:
        """All samples and targets in order, in as many parts as it takes; ``stopping`` as above."""

    def in_memory(self) -> tuple[Array, Array] | None:
        """All samples and targets, if they are in memory anyway."""

    def close(self) -> None:
        """Release what it holds."""


def rows_of_blocks(
    order: np.ndarray[Any, Any], batch_size: int, first_step: int, at_most: int
) -> Iterator[np.ndarray[Any, Any]]:
    """Rows of each block's mini-batches, shape (steps, batch), from a step on.

    A block begins at a multiple of its length, so that a resumed epoch has the same ones.

    Parameters
    ----------
    order : numpy.ndarray of int64, shape (samples,)
    batch_size : int
    first_step : int
    at_most : int
        Steps of a block. A smaller last mini-batch is a block of its own.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.training.feeds import rows_of_blocks
    >>> [rows.tolist() for rows in rows_of_blocks(np.arange(7), 2, first_step=1, at_most=2)]
    [[[2, 3]], [[4, 5]], [[6]]]
    """
    full = len(order) // batch_size
    for start, stop in spans_of_blocks(full, first_step, at_most):
        yield order[start * batch_size : stop * batch_size].reshape(-1, batch_size)
    if len(order) % batch_size and first_step <= full:
        yield order[full * batch_size :].reshape(1, -1)


def spans_of_blocks(steps: int, first_step: int, at_most: int) -> Iterator[tuple[int, int]]:
    """The first step of each block, and the one after its last; see `rows_of_blocks`.

    Examples
    --------
    >>> from bpnet.training.feeds import spans_of_blocks
    >>> list(spans_of_blocks(7, first_step=1, at_most=3))
    [(1, 3), (3, 6), (6, 7)]
    """
    start = first_step
    while start < steps:
        stop = min((start // at_most + 1) * at_most, steps)
        yield start, stop
        start = stop


@functools.lru_cache(8)
def step_sizes(samples: int, batch_size: int) -> np.ndarray[Any, Any]:
    """Samples of each mini-batch of an epoch, as floats; an array that is not to be changed.

    Examples
    --------
    >>> from bpnet.training.feeds import step_sizes
    >>> step_sizes(7, 3)
    array([3., 3., 1.])
    """
    starts = np.arange(0.0, samples, batch_size)
    sizes: np.ndarray[Any, Any] = np.minimum(samples - starts, batch_size)
    sizes.flags.writeable = False
    return sizes


class MemoryFeed:
    """Samples that are on the device already, or in a sparse matrix.

    Parameters
    ----------
    x : array or SparseRows, shape (n, n_0)
    y : array, shape (n, n_L)
        What steps are given: targets that may be smoothed, perhaps with a last column of weights.
    targets : array, shape (n, n_L), optional
        As the user gave them; by default y.
    batch_size : int
    seed : int
        Of every epoch's order.
    shuffle : bool or callable, optional
        See `bpnet.training.orders`. A function is asked once for each epoch, when that begins.
    backend : Backend, optional
        In whose library a function may give its row numbers.
    weights : numpy.ndarray, shape (n,), optional
        Of the samples, as y has them.
    """

    def __init__(
        self,
        x: Array,
        y: Array,
        targets: Array = None,
        *,
        batch_size: int,
        seed: int,
        shuffle: Shuffle = True,
        backend: Backend | None = None,
        weights: np.ndarray[Any, Any] | None = None,
    ) -> None:
        self._x, self._y, self._seed = x, y, seed
        self._shuffle, self._backend, self._weights = shuffle, backend, weights
        self.identity = "arrays"
        if shuffle is not True:  # checkpoints of before do not say so
            self.identity += f", shuffle={shuffle_in_words(shuffle)}"
        self._targets = y if targets is None else targets
        self.samples = x.shape[0]
        self.batch_size = min(batch_size, self.samples)
        self.steps_per_epoch = math.ceil(self.samples / self.batch_size)
        self._orders: dict[int, np.ndarray[Any, Any]] = {}

    def blocks(
        self,
        epoch: int,
        first_step: int = 0,
        at_most: int = 2**30,
        stopping: Callable[[], bool] | None = None,
    ) -> Generator[Block, None, None]:
        """See `BatchFeed`."""
        size, several = self.batch_size, bool(self._orders)
        order = self._order(epoch)
        for rows in rows_of_blocks(order, size, first_step, at_most):
            yield Block(self._x, self._y, rows, self._targets)
        if (
            several and self._shuffle is True
        ):  # the device may still be at work, and is to go on without a pause
            self._order(epoch + 1)

    def _order(self, epoch: int) -> np.ndarray[Any, Any]:
        if epoch not in self._orders:
            order = order_of_epoch(
                self._shuffle, epoch, self.samples, seed=self._seed, backend=self._backend
            )
            before = {k: one for k, one in self._orders.items() if k == epoch - 1}
            self._orders = {**before, epoch: order}
        return self._orders[epoch]

    def step_weights(self, epoch: int) -> np.ndarray[Any, Any]:
        """See `BatchFeed`."""
        if self._weights is None:
            return step_sizes(self.samples, self.batch_size)
        starts = np.arange(0, self.samples, self.batch_size)
        found: np.ndarray[Any, Any] = np.add.reduceat(self._weights[self._order(epoch)], starts)
        return found

    def everything(
        self, stopping: Callable[[], bool] | None = None
    ) -> Iterator[tuple[Array, Array]]:
        """See `BatchFeed`."""
        yield self._x, self._targets

    def in_memory(self) -> tuple[Array, Array]:
        """See `BatchFeed`."""
        return self._x, self._targets

    def close(self) -> None:
        """See `BatchFeed`."""
