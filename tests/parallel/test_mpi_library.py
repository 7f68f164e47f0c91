"""A launcher of one MPI and the library of another: told before the library ends the process."""

import os
import subprocess
import sys

import pytest
from _launch import ROOT, why_not
from parallel.test_launched import HYDRA, OPEN_MPI, SLURM

from bpnet.parallel.mpi_library import check_launcher

WHEEL = "MPICH Version:      5.0.2\nMPICH configure:    --with-device=ch4:ucx,ofi --with-pm=hydra\n"
WITH_PMIX = WHEEL.replace("--with-pm=hydra", "--with-pmix=/usr --with-pm=none")
OPEN = "Open MPI v5.0.11, package: Open MPI user@localhost Distribution, ident: 5.0.11\n"
BY_PMIX = {**SLURM, "PMIX_RANK": "0"}
BY_PMI = {**SLURM, **HYDRA}


@pytest.mark.parametrize(
    ("library", "environment", "told"),
    [
        (WHEEL, OPEN_MPI, "by PMIx.* has loaded MPICH 5.0.2: 'pip uninstall mpich' makes"),
        (WHEEL, BY_PMIX, "srun --mpi=list"),
        (OPEN, HYDRA, "by PMI, .* has loaded Open MPI v5.0.11: start the program with the mpiexec"),
        (OPEN, {**HYDRA, "PMI_SIZE": "1"}, None),
        (OPEN, OPEN_MPI, None),
        (OPEN, BY_PMI, None),
        (WHEEL, HYDRA, None),
        (WHEEL, BY_PMI, None),
        (WHEEL, {}, None),
        (WITH_PMIX, BY_PMIX, None),
        (OPEN, {}, None),
    ],
)
def test_which_launcher_and_library_do_not_go_together(library, environment, told):
    if told is None:
        check_launcher(library, environment)
    else:
        with pytest.raises(RuntimeError, match=told):
            check_launcher(library, environment)


def test_it_is_told_before_the_library_starts():
    """MPICH's wheel would end the process, with no error to catch."""
    if reason := why_not("mpi"):
        pytest.skip(reason)
    asked = "import mpi4py\nmpi4py.rc.initialize = False\nfrom mpi4py import MPI\n"
    asked += "print(MPI.Get_library_version())"
    source = "try:\n    import bpnet.parallel.mpi\nexcept RuntimeError as error: print(error)"
    environment = {**os.environ, **OPEN_MPI}
    library, done = (
        subprocess.run(
            [sys.executable, "-c", one],
            capture_output=True,
            text=True,
            timeout=60,
            env=environment,
            cwd=ROOT,
        )
        for one in (asked, source)
    )
    if "--with-pm=hydra" not in library.stdout:
        pytest.skip(f"the MPI here is not MPICH's wheel: {library.stdout[:60]!r}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("the launcher and the MPI library are of two different MPIs")
