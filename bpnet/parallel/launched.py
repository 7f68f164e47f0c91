"""What started this process: mpiexec, torchrun, or neither; from the environment alone."""

from __future__ import annotations

import os
from collections.abc import Mapping

__all__ = ["launched_rank", "launched_size", "launcher", "local_rank"]

# Hydra (of MPICH and Intel MPI) and Slurm's PMI; Open MPI; what PMIx alone says (Slurm's, too).
_MPI = ("PMI_RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK")
_MPI_SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS")
_TORCH = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_LOCAL = ("MPI_LOCALRANKID", "OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID")


def launcher(environment: Mapping[str, str] = os.environ) -> str:
    """``"mpi"``, ``"torch"`` or, if this process is no rank, empty.

    A torchrun that mpiexec started is what started the rank.

    >>> launcher({"PMI_RANK": "0", "PMI_SIZE": "2"}), launcher({})
    ('mpi', '')
    """
    if all(name in environment for name in _TORCH):
        return "torch"
    return "mpi" if any(name in environment for name in _MPI) else ""


def launched_size(environment: Mapping[str, str] = os.environ) -> int:
    """Number of ranks that the launcher has started; 1 where it does not say.

    >>> launched_size({"PMI_RANK": "0", "PMI_SIZE": "2"})
    2
    """
    names = {"torch": ("WORLD_SIZE",), "mpi": _MPI_SIZES, "": ()}[launcher(environment)]
    return _first(environment, names, 1)


def launched_rank(environment: Mapping[str, str] = os.environ) -> int:
    """This process's rank, as the launcher says; 0 if it is none."""
    names = {"torch": ("RANK",), "mpi": _MPI, "": ()}[launcher(environment)]
    return _first(environment, names, 0)


def local_rank(environment: Mapping[str, str] = os.environ) -> int:
    """Number of this rank among those of its host, from 0: that of its GPU, as a rule.

    >>> local_rank({"PMI_RANK": "5", "MPI_LOCALRANKID": "1"})
    1
    """
    names = {"torch": ("LOCAL_RANK",), "mpi": _LOCAL, "": ()}[launcher(environment)]
    return _first(environment, names, 0)


def _first(environment: Mapping[str, str], names: tuple[str, ...], default: int) -> int:
    values = (environment[name] for name in names if name in environment)
    return next((int(value) for value in values if value.isdecimal()), default)
