"""Training by ranks that share the device: NCCL by one of them, MPI and gloo by two."""

from __future__ import annotations

import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from .. import processes
from ..plan import Plan, Target, target_text
from ..processes import ROOT, tail
from ..section import Section
from ..training import TOLERANCE, relative_difference

__all__ = ["run"]

# The last two are what PyTorch and JAX need to compute the same bits in every run.
_VARIABLES = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "XLA_FLAGS": "--xla_gpu_deterministic_ops=true --xla_gpu_autotune_level=0",
}
Way = tuple[str, str, int]  # engine, launcher, ranks


def run(plan: Plan, section: Section) -> None:
    """Training by ranks that share the device: NCCL by one of them, MPI and gloo by two."""
    for target in plan.targets:
        alone = _trained(target, ("serial", "", 1), section)
        for way in _ways(target):
            engine, _, ranks = way
            found = _trained(target, way, section)
            if alone is None or found is None:
                continue
            for name in ("dropout", "batch norm"):
                error = relative_difference(found[name], alone[name])
                section.check(
                    f"{target_text(target)}: {name}, {ranks} of {engine} as one rank",
                    error < TOLERANCE["float64"] and int(found["size"]) == ranks,
                    error=error,
                    equal=bool(np.array_equal(found[name], alone[name])),
                    without_the_host=bool(found["direct"]),
                )


def _ways(target: Target) -> list[Way]:
    library, device = target
    ways: list[Way] = []
    if library == "cupy":
        ways.append(("nccl", "", 1))
    if library == "torch" and find_spec("torch"):
        ways += [("torch", "torchrun", 1)] * (device != "cpu") + [("torch", "torchrun", 2)]
    if find_spec("mpi4py") and _mpiexec():
        ways.append(("mpi", "mpiexec", 2))
    return ways


def _mpiexec() -> str | None:
    own = Path(sys.executable).parent / "mpiexec"
    return str(own) if own.exists() else shutil.which("mpiexec")


def _trained(target: Target, way: Way, section: Section) -> dict[str, np.ndarray] | None:
    """What the first rank wrote; None, and a failed check, if the ranks failed."""
    engine, launcher, ranks = way
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "found.npz")
        program = [str(ROOT / "acceptance" / "rank.py"), *target, engine, str(out)]
        command = [sys.executable, *program]
        if launcher == "torchrun":
            start = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
            command = [*start, f"--nproc-per-node={ranks}", *program]
        elif launcher == "mpiexec":
            about = processes.run([str(_mpiexec()), "--version"], 30).stdout
            root = ["--allow-run-as-root", "--oversubscribe"] * ("Open" in about)
            command = [str(_mpiexec()), *root, "-n", str(ranks), *command]
        done = processes.run(command, 120, **_VARIABLES)
        if done.returncode or not out.exists():
            what = f"{target_text(target)}: {ranks} of {engine}"
            section.check(what, False, code=done.returncode, output=tail(done))
            return None
        with np.load(out) as found:
            return dict(found)
