"""What ranks tell each other in the course of a fit: sums of parts, and rows of parts."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..._lib.constraints import Integer
from ...backends import Array, Backend
from ...parallel import Communicator
from ...parallel.first_rank import of_first_rank
from ...parallel.launch import communicator_of
from .parts import Span, cut, own_parts, subtrees, sum_of_parts

__all__ = ["Exchange", "exchange_of"]


def exchange_of(parallel: str | Communicator, blocks: int | None, backend: Backend) -> Exchange:
    """What `Network.fit` is given for ``parallel`` and ``blocks``, checked.

    Raises
    ------
    ValueError, TypeError
        If one is out of range, or there is no such engine.
    ImportError
        If what the engine needs is not installed.
    """
    blocks = Integer(1, optional=True)("blocks", blocks)
    communicator = communicator_of(parallel, backend)
    assert communicator is not None  # parallel is not None
    return Exchange(communicator, backend, blocks)


class Exchange:
    """Sums and gathers what the ranks computed of the parts of mini-batches.

    Arrays go to the communicator as they are where it takes those of the backend, and otherwise
    through NumPy.

    Parameters
    ----------
    communicator : Communicator
    backend : Backend
    blocks : int or None
        Parts of a mini-batch. None for one a rank, whose sums the communicator rounds as it likes.

    Attributes
    ----------
    communicator : Communicator
    blocks : int
    own : range
        The parts of this rank.
    xp : namespace
        Of the backend's arrays.
    """

    def __init__(self, communicator: Communicator, backend: Backend, blocks: int | None) -> None:
        self.communicator = communicator
        self.blocks = communicator.size if blocks is None else blocks
        self._in_order = blocks is not None
        self._parts = [
            own_parts(self.blocks, rank, communicator.size) for rank in range(communicator.size)
        ]
        self.own = self._parts[communicator.rank]
        self._spans: dict[int, list[list[Span]]] = {}  # what each rank adds up, by samples
        self._backend, self._direct = backend, communicator.takes_device_arrays(backend)
        self.xp = backend.xp

    def of_first_rank(self, make: Callable[[], Any]) -> Any:
        """What a function gives on the first rank, on every rank; or the error it raises there."""
        return of_first_rank(self.communicator, make)

    def sizes(self, m: int) -> list[int]:
        """Samples of each part of a mini-batch of ``m``."""
        edges = cut(m, self.blocks)
        return [stop - start for start, stop in itertools.pairwise(edges)]

    def sum(
        self,
        m: int,
        node: Callable[[Span], Array],
        zeros: Callable[[], Array],
        rooms: dict[int, Array] | None = None,
    ) -> Array:
        """The sum of all parts' arrays, on every rank.

        Parameters
        ----------
        m : int
            Samples of the mini-batch, at least one.
        node : callable
            ``node(span)`` is the sum of some of this rank's parts, added as `sum_of_parts` does. It
            is used before the next one is asked for.
        zeros : callable
            Makes an array like it, for a rank without samples.
        rooms : dict, optional
            What the sums of one kind of array use again and again: each overwrites the one before.
        """
        if self.communicator.size == 1:
            return node((0, self.blocks))
        if m not in self._spans:
            self._spans[m] = [subtrees(parts, self.sizes(m)) for parts in self._parts]
        each = self._spans[m]
        mine = each[self.communicator.rank]
        if not self._in_order:
            array = node(mine[0]) if mine else zeros()
            return self._from_wire(self.communicator.all_reduce_sum(self._to_wire(array)))
        received: dict[Span, Array] = {}
        for k in range(max(map(len, each))):
            array = node(mine[k]) if k < len(mine) else zeros()
            sent = self._to_wire(array)
            rows = self.communicator.all_gather(sent, None if rooms is None else rooms.get(k))
            if rooms is not None:
                rooms[k] = rows
            received |= {spans[k]: rows[r, ...] for r, spans in enumerate(each) if k < len(spans)}
        everything = (0, self.blocks), self.sizes(m), received.__getitem__, received
        return self._from_wire(sum_of_parts(*everything, add=operator.iadd))

    def rows(self, own: Array | None, m: int, steps: int, n: int) -> Array:
        """The rows of all parts side by side, on every rank.

        Parameters
        ----------
        own : array, shape (steps, rows, n), or None
            Of this rank's parts; None if they have no samples.
        m : int
            Rows of all parts together.
        steps, n : int

        Returns
        -------
        array, shape (steps, m, n)
        """
        if self.communicator.size == 1:
            return own
        edges, backend = cut(m, self.blocks), self._backend
        counts = [edges[parts.stop] - edges[parts.start] for parts in self._parts]
        padding = max(counts) - counts[self.communicator.rank]
        given = [] if own is None else [own]
        if padding:
            dtype = backend.dtype if own is None else _name(own)
            given.append(backend.from_host(np.zeros((steps, padding, n)), dtype))
        joined = backend.xp.concat(given, axis=1) if len(given) > 1 else given[0]
        gathered = self._from_wire(self.communicator.all_gather(self._to_wire(joined)))
        each = [gathered[r, :, :count, :] for r, count in enumerate(counts) if count]
        return backend.xp.concat(each, axis=1)

    def _to_wire(self, array: Array) -> Array:
        return array if self._direct else self._backend.to_numpy(array)

    def _from_wire(self, array: Array) -> Array:
        return array if self._direct else self._backend.from_host(array, array.dtype.name)


def _name(array: Array) -> str:
    return str(array.dtype).rpartition(".")[2]
