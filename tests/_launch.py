"""Ranks for tests: a script started by mpiexec or torchrun, that no test outlives."""

import contextlib
import importlib.util
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

import bpnet

ROOT = Path(bpnet.__file__).parents[1]
ENGINES = ("mpi", "torch")

# Open MPI starts no more ranks than there are cores otherwise, and none for root.
FOR_OPEN_MPI = {
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
}

# What a script begins with: `answer(value)` hands a value of this rank to the test.
_PREAMBLE = """\
import os as _os, pickle as _pickle
def answer(value):
    names = ("PMI_RANK", "OMPI_COMM_WORLD_RANK", "RANK")
    rank = next(_os.environ[name] for name in names if name in _os.environ)
    path = _os.path.join(_os.environ["BPNET_TEST_ANSWERS"], rank)
    with open(path + ".part", "wb") as file:
        _pickle.dump(value, file)
    _os.replace(path + ".part", path)
"""


@dataclass
class Job:
    """How a job ended: status, text of both streams, duration, and the ranks' last answers."""

    status: int
    output: str
    seconds: float
    answers: list


def why_not(engine):
    """Why ranks cannot be started here; empty if they can."""
    modules = {"mpi": ("mpi4py", "mpiexec"), "torch": ("torch", "torchrun")}
    module, program = modules[engine]
    if importlib.util.find_spec(module) is None:
        return f"{module} is not installed"
    if engine == "mpi" and executable(program) is None:
        return f"no {program} here: pip install mpich"
    return ""


def executable(name):
    """Path of a program, beside Python or on the path."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def command(engine, ranks, script, *arguments):
    """What starts a script on so many ranks."""
    if engine == "mpi":
        return [executable("mpiexec"), "-n", str(ranks), sys.executable, script, *arguments]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    return [*launcher, f"--nproc-per-node={ranks}", script, *arguments]


def run_ranks(source, ranks=2, engine="mpi", *, timeout=60, env=None, while_running=None):
    """Run a script on ranks; the test is skipped if the engine is not here.

    Parameters
    ----------
    source : str
        The script. It may call ``answer(value)``: the last value of each rank is in `Job.answers`,
        or None.
    timeout : float
        Seconds after which all ranks are killed, and the test fails.
    env : dict, optional
        Variables beside this process's own.
    while_running : callable, optional
        Called with the launcher's `subprocess.Popen` and the answers' folder, beside the ranks.
    """
    if reason := why_not(engine):
        pytest.skip(reason)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "script.py")
        script.write_text(_PREAMBLE + source, "utf-8")
        answers = Path(folder, "answers")
        answers.mkdir()
        variables = {
            **FOR_OPEN_MPI,
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "BPNET_TEST_ANSWERS": str(answers),
            **(env or {}),
        }
        started = command(engine, ranks, str(script))
        begin = time.monotonic()
        with Path(folder, "output").open("w+", encoding="utf-8", errors="replace") as output:
            process = subprocess.Popen(
                started,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=variables,
                cwd=folder,
                start_new_session=True,
            )
            try:
                if while_running is not None:
                    while_running(process, answers)
                process.wait(timeout)
                hung = False
            except subprocess.TimeoutExpired:
                hung = True
            finally:
                seconds = time.monotonic() - begin
                left = end_job(process, str(answers))
            output.seek(0)
            text = output.read()
        assert not hung, f"the ranks hung for {timeout} s:\n{text}"
        assert not left, f"processes outlived the job: {left}\n{text}"
        paths = [answers / str(rank) for rank in range(ranks)]
        values = [pickle.loads(path.read_bytes()) if path.exists() else None for path in paths]
        return Job(process.returncode, text, seconds, values)


def succeeded(*args, **kwargs):
    """The same, of a job that must end well."""
    job = run_ranks(*args, **kwargs)
    assert job.status == 0, job.output
    return job


def end_job(process, mark):
    """Kill what is left of a job; the processes that were still there a second after its launcher.

    Launchers start ranks in sessions of their own: they are known by their environment.
    """
    deadline = time.monotonic() + (1.0 if process.poll() is not None else 0.0)
    while (left := _members(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in [*left, process.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    return left


def _members(mark):
    """Processes that have a text in their environment and have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():  # it is empty once a process has ended
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found
