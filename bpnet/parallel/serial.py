"""One process alone: what several do, without the others."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

from ..backends import Array, Backend
from .communicator import Communicator

__all__ = ["SerialCommunicator"]


class SerialCommunicator(Communicator):
    """One rank, with the results of any number of them.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.parallel import SerialCommunicator
    >>> SerialCommunicator().all_gather(np.array([1.0, 2.0]))
    array([[1., 2.]])
    """

    name = "serial"
    rank, size = 0, 1

    def takes_device_arrays(self, backend: Backend) -> bool:
        return True

    def all_reduce_sum(self, array: Array) -> Array:
        return array

    def all_gather(self, array: Array, out: Array | None = None) -> Array:
        return array[None, ...]

    def broadcast(self, array: Array, root: int = 0) -> Array:
        return array

    def barrier(self) -> None:
        return

    def gather_objects(self, value: Any) -> list[Any]:
        return [value]

    def meet(self, seconds: float) -> bool:
        return True

    def abort(self, message: str) -> NoReturn:
        print(message, file=sys.stderr, flush=True)
        raise SystemExit(1)
