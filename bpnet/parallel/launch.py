"""Which engine joins the ranks."""

from __future__ import annotations

from .._lib.registry import check_name
from ..backends import Backend
from .communicator import Communicator
from .serial import SerialCommunicator

__all__ = ["communicator_of"]

_MADE: dict[str, Communicator] = {}


def communicator_of(parallel: str | Communicator, backend: Backend) -> Communicator:
    """The communicator of that name, one a process, or the argument if it is one."""
    if isinstance(parallel, Communicator):
        return parallel
    check_name(parallel, ("serial", "mpi", "nccl", "torch"), "parallel")
    if parallel not in _MADE:
        _MADE[parallel] = _made(parallel, backend)
    return _MADE[parallel]


def _made(name: str, backend: Backend) -> Communicator:
    if name == "mpi":
        from .mpi import MPICommunicator

        return MPICommunicator()
    if name == "torch":
        from .torch import TorchCommunicator

        return TorchCommunicator()
    if name == "nccl":
        from .nccl import NCCLCommunicator

        return NCCLCommunicator(SerialCommunicator())
    return SerialCommunicator()
