"""Communicator: the processes that train one network together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NoReturn

from ..backends import Array, Backend

__all__ = ["Communicator"]


class Communicator(ABC):
    """The processes that train one network together; each of them is a rank.

    Every method but `takes_device_arrays` and `abort` is collective: all ranks call it, in the same
    order, with arrays of the same shape and dtype.

    Attributes
    ----------
    name : {"serial", "mpi", "nccl", "torch"}
    rank : int
        Of this process, from 0.
    size : int
        Number of processes.
    seconds : float
        Time that this process has spent in collective calls, waiting for others included.
    broken : Exception or None
        What the last collective call raised that failed, as where another rank has ended.
    """

    name: ClassVar[str]
    rank: int
    size: int
    seconds: float = 0.0
    broken: Exception | None = None

    @abstractmethod
    def takes_device_arrays(self, backend: Backend) -> bool:
        """Whether it takes the backend's own arrays; if not, it takes NumPy arrays."""

    @abstractmethod
    def all_reduce_sum(self, array: Array) -> Array:
        """The sum of the ranks' arrays, on every rank; a new array.

        The order of the additions, and so the rounding, is the engine's own.
        """

    @abstractmethod
    def all_gather(self, array: Array, out: Array | None = None) -> Array:
        """The ranks' arrays, shape (size, ...), on every rank.

        Parameters
        ----------
        array : array
        out : array, optional
            What an earlier call for such an array returned: it may be written to, and returned.
            New memory takes time for large arrays.
        """

    @abstractmethod
    def broadcast(self, array: Array, root: int = 0) -> Array:
        """The array of rank ``root``, on every rank; the others give one to be overwritten."""

    @abstractmethod
    def barrier(self) -> None:
        """Wait until every rank has come here."""

    @abstractmethod
    def gather_objects(self, value: Any) -> list[Any]:
        """The ranks' values, in order, on every rank: anything that can be pickled."""

    @abstractmethod
    def meet(self, seconds: float) -> bool:
        """Whether all other ranks come here as well within so many seconds.

        For a rank whose fit fails: if all fail, each raises its own error; if not, it aborts.

        Raises
        ------
        ConnectionError
            If another rank has ended.
        """

    def entering(self) -> None:
        """Tell that this rank enters a fit, which all are to enter.

        A rank whose program ends instead, ends the job.
        """
        return

    def pulse(self, ending: bool, seconds: float) -> bool:
        """Whether the fits of all ranks are ending: a sign of life, from a thread of its own.

        Raises
        ------
        TimeoutError
            If another rank gives none within so many seconds. A communicator that cannot tell, as
            this one, returns ``ending``.
        ConnectionError
            If another rank has ended.
        """
        return ending

    @abstractmethod
    def abort(self, message: str) -> NoReturn:
        """End all ranks, at once and with a non-zero status; this one's message is printed."""
