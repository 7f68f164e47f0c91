"""The MPI library that mpi4py loads, checked against the mpiexec that started this process."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any

from .._lib.install import pip_install
from .launched import launched_size, launcher

__all__ = ["check_launcher", "load_mpi"]


def load_mpi() -> Any:
    """``mpi4py.MPI``, started.

    The library is loaded first and started when it is known to go with the launcher: MPICH ends
    the process otherwise, and Open MPI makes of every process a program of its own.

    Raises
    ------
    ImportError
        If mpi4py or an MPI library is absent.
    RuntimeError
        If the launcher is another MPI's.
    """
    try:
        import mpi4py
    except ImportError as error:
        raise ImportError(
            f"parallel='mpi' needs mpi4py, and an MPI library: {pip_install('mpi4py')}; "
            f"where no MPI is installed, also {pip_install('mpich')}"
        ) from error
    before = mpi4py.rc.initialize, mpi4py.rc.finalize
    mpi4py.rc.initialize, mpi4py.rc.finalize = False, True
    try:
        with warnings.catch_warnings():
            # Of a launcher that is another MPI's: an error below.
            warnings.filterwarnings("ignore", "suspicious MPI execution environment")
            from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise ImportError(
            "mpi4py finds no MPI library: install your system's or cluster's MPI, or "
            f"{pip_install('mpich')}, and start the program with the mpiexec that it brings"
        ) from error
    finally:
        mpi4py.rc.initialize, mpi4py.rc.finalize = before
    if not MPI.Is_initialized():
        check_launcher(MPI.Get_library_version())
        MPI.Init_thread()
    size = launched_size()
    if launcher() == "mpi" and size > 1 and MPI.COMM_WORLD.size == 1:
        raise RuntimeError(_mismatch(MPI.Get_library_version(), f"with {size} ranks"))
    return MPI


def check_launcher(library: str, environment: Mapping[str, str] = os.environ) -> None:
    """Raise RuntimeError if the launcher that set the environment is known to be another MPI's.

    Parameters
    ----------
    library : str
        What the library says of itself.
    """
    kind = library.lower()
    by_pmi = "PMI_RANK" in environment and launched_size(environment) > 1
    by_pmix = "PMIX_RANK" in environment
    if by_pmix and not by_pmi and kind.startswith("mpich") and "pmix" not in kind:
        raise RuntimeError(_mismatch(library, "by PMIx, as Open MPI's mpiexec does"))
    # Slurm's PMI serves libraries of several kinds.
    if by_pmi and not by_pmix and kind.startswith("open mpi") and "SLURM_JOB_ID" not in environment:
        raise RuntimeError(_mismatch(library, "by PMI, as MPICH's mpiexec does"))


def _mismatch(library: str, started: str) -> str:
    """What to do where launcher and library are of two MPIs."""
    name = library.split(",")[0].splitlines()[0].replace("\t", " ").strip()
    name = " ".join(name.split()).replace("MPICH Version:", "MPICH")
    own = library.lower().startswith("mpich")
    remedy = (
        "'pip uninstall mpich' makes mpi4py load the MPI of that mpiexec, or start the program "
        "with the mpiexec beside Python, of the mpich package"
        if own
        else "start the program with the mpiexec of that MPI"
    )
    return (
        f"the launcher and the MPI library are of two different MPIs: this process was started "
        f"{started}, but mpi4py has loaded {name}: {remedy} (under Slurm: srun --mpi=list shows "
        "the ways to start it)"
    )
