"""What started a process, by the variables that launchers set."""

import pytest

from bpnet.parallel.launched import launched_rank, launched_size, launcher, local_rank

HYDRA = {"PMI_RANK": "1", "PMI_SIZE": "4", "PMI_FD": "9", "MPI_LOCALRANKID": "1"}
OPEN_MPI = {
    "OMPI_COMM_WORLD_RANK": "2",
    "OMPI_COMM_WORLD_SIZE": "3",
    "OMPI_COMM_WORLD_LOCAL_RANK": "0",
    "PMIX_RANK": "2",
}
SLURM = {"SLURM_JOB_ID": "7", "SLURM_STEP_NUM_TASKS": "8", "SLURM_LOCALID": "3"}
TORCHRUN = {
    "RANK": "5",
    "WORLD_SIZE": "6",
    "LOCAL_RANK": "1",
    "MASTER_ADDR": "localhost",
    "MASTER_PORT": "29500",
}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ("", 0, 1, 0)),
        (HYDRA, ("mpi", 1, 4, 1)),
        (OPEN_MPI, ("mpi", 2, 3, 0)),
        (SLURM, ("", 0, 1, 0)),  # sbatch's own script, and srun --mpi=none
        ({**SLURM, "PMIX_RANK": "6"}, ("mpi", 6, 8, 3)),
        ({**SLURM, "PMI_RANK": "6", "PMI_SIZE": "8"}, ("mpi", 6, 8, 3)),
        (TORCHRUN, ("torch", 5, 6, 1)),
        ({**HYDRA, **TORCHRUN}, ("torch", 5, 6, 1)),  # torchrun on each host, by mpiexec
        ({"RANK": "3", "WORLD_SIZE": "4"}, ("", 0, 1, 0)),  # some other program's
    ],
)
def test_launcher_rank_size_and_place_on_the_host(environment, expected):
    functions = launcher, launched_rank, launched_size, local_rank
    assert tuple(function(environment) for function in functions) == expected
