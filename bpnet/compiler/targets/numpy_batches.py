"""Mini-batches of NumPy's plans, with their addresses for BLAS."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Generator
from typing import Any

from ..._lib.prefetch import Prefetcher
from ...backends import Array
from ..memory import Library
from ..runner import Batches
from .blas import pointer

__all__ = ["AddressedBatches"]


class AddressedBatches(Batches):
    """The samples of each step; where BLAS leaves a core free, a thread gathers ahead.

    Parameters
    ----------
    library : Library
    room : array, shape (steps at once, batch size, n_0)
    address : ctypes.c_void_p
        Is set to the address of the current step's samples.
    parameters : int
        Number of parameters; for small nets BLAS multiplies in one thread.
    beside : int
        Number of entries that the thread gathers per call.
    threads : callable
        Returns how many threads BLAS may use.
    """

    def __init__(
        self,
        library: Library,
        room: Array,
        address: Any,
        parameters: int,
        beside: int,
        threads: Callable[[], int],
    ) -> None:
        super().__init__(library, room)
        self._address, self._parameters = address, parameters
        self._beside, self._threads = beside, threads
        self._rooms, self._slots = [room], [_slots(room)]

    def __call__(self, x: Array, order: Array) -> Generator[Array, None, None]:
        address, beside = self._address, self._leaves_a_core(x, order)
        rooms, slots = self._pair if beside else (self._rooms, self._slots)
        gathered: Any = self.gathered(x, order, rooms)
        with contextlib.closing(
            Prefetcher(gathered, "bpnet-gather") if beside else gathered
        ) as filled:
            for k in filled:
                for batch, address.value in slots[k]:
                    yield batch

    def _leaves_a_core(self, x: Array, order: Array) -> bool:
        """Whether gathering is slow, the run is long, and BLAS needs one core only."""
        (room,) = self._rooms
        small = len(room) > 1 and room[0].size >= 2**10 and self._parameters <= 2**17
        long = x.size >= 2**20 and order.size * x.shape[1] >= 4 * self._beside
        return small and long and self._threads() > 1

    @functools.cached_property
    def _pair(self) -> tuple[list[Array], list[list[tuple[Array, Any]]]]:
        """Two rooms for the samples of many steps each, and their slots."""
        (room,) = self._rooms
        shape = room.shape[1:]
        rooms = [*self._library.empty((2, self._beside // room[0].size, *shape), room.dtype)]
        return rooms, [_slots(room) for room in rooms]


def _slots(room: Array) -> list[tuple[Array, Any]]:
    """Mini-batches and their addresses."""
    return [(batch, pointer(batch).value) for batch in room]
