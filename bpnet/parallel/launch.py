"""Communicators by their names, and what is wrong where one cannot be made."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from .._lib.install import pip_install
from .._lib.registry import lookup
from ..backends import Backend
from .communicator import Communicator
from .launched import launched_rank, launched_size, launcher
from .printed_once import printed_once
from .serial import SerialCommunicator

__all__ = ["NAMES", "communicator_of"]

NAMES = ("serial", "mpi", "nccl", "torch")

_made: dict[Any, Communicator] = {}


def communicator_of(parallel: Any, backend: Backend) -> Communicator:
    """The communicator that is meant by ``parallel``; each is made once in a process.

    Parameters
    ----------
    parallel : {"serial", "mpi", "nccl", "torch"} or Communicator
    backend : Backend
        Of the network.

    Raises
    ------
    ValueError, TypeError
        If the name is unknown, does not go with the backend, or with what started the process.
    ImportError
        If a library is absent.
    RuntimeError
        If the library cannot join the ranks.

    Notes
    -----
    The errors are those of all ranks alike; uncaught, rank 0 alone prints them.

    Examples
    --------
    >>> from bpnet.parallel import communicator_of
    >>> communicator_of("serial", bpnet.get_backend("numpy")).size
    1
    """
    kinds: dict[str, Callable[[], Communicator]] = {
        "serial": SerialCommunicator,
        "mpi": _mpi,
        "nccl": lambda: _nccl(backend),
        "torch": lambda: _torch(backend.device),
    }
    with printed_once(launched_rank()):
        return lookup(parallel, kinds, Communicator, "parallel")  # type: ignore[type-abstract]


def _once(key: Any, make: Callable[[], Communicator]) -> Communicator:
    if key not in _made:
        _made[key] = make()
    return _made[key]


def _mpi() -> Communicator:
    if launcher() == "torch" and launched_size() > 1:
        raise ValueError(
            "parallel='mpi' joins processes that mpiexec starts, and torchrun started these: "
            "use parallel='torch', or start them by mpiexec"
        )
    from .mpi import MPICommunicator

    return _once("mpi", MPICommunicator)


def _torch(device: str) -> Communicator:
    try:
        import torch.distributed as dist
    except ImportError as error:
        raise ImportError(f"parallel='torch' needs PyTorch: {pip_install('torch')}") from error
    if not dist.is_available():
        raise ImportError("parallel='torch' needs a build of PyTorch that has torch.distributed")
    if launcher() == "mpi" and launched_size() > 1 and not dist.is_initialized():
        raise ValueError(
            "parallel='torch' joins processes that torchrun starts, and mpiexec started these: "
            "use parallel='mpi', or start them by torchrun"
        )
    from .torch import TorchCommunicator

    kind = device if device.startswith("cuda") else "cpu"
    made = _made.get(("torch", kind))
    if made is not None and not dist.is_initialized():  # the program has left the group
        del _made["torch", kind]
    return _once(("torch", kind), lambda: TorchCommunicator(device=kind))


def _nccl(backend: Backend) -> Communicator:
    # A backend of CuPy has imported it.
    if not backend.device.startswith("cuda") or "cupy" not in sys.modules:
        raise ValueError(
            f"parallel='nccl' joins GPUs for CuPy, and the network computes with {backend.name} "
            f"on {backend.device}: move it by net.to(backend='cupy'), or use parallel="
            f"{'torch' if 'torch' in sys.modules else 'mpi'!r}"
        )
    try:
        from .nccl import NCCLCommunicator
    except (ImportError, UserWarning) as error:  # CuPy warns, with the command that installs it
        raise ImportError(f"parallel='nccl' needs the NCCL library: {error}") from error
    number = int(backend.device.partition(":")[2] or 0)
    return _once(("nccl", number), lambda: NCCLCommunicator(_host(), number))


def _host() -> Communicator:
    """What joins the ranks without their GPUs."""
    kinds = {"mpi": _mpi, "torch": lambda: _torch("cpu"), "": SerialCommunicator}
    return kinds[launcher()]()
