"""Communicators by name, and what wrong use is told: once, whatever the number of ranks."""

import builtins
import subprocess
import sys

import pytest
from _launch import ROOT, run_ranks, succeeded, why_not

import bpnet
from bpnet.parallel import Communicator, SerialCommunicator, communicator_of

NUMPY = bpnet.get_backend("numpy")

ASKED = """
import bpnet
from bpnet.parallel import communicator_of, local_rank
found = communicator_of({name!r}, bpnet.get_backend("numpy"))
again = communicator_of({name!r}, bpnet.get_backend("numpy"))
answer((found.name, found.rank, found.size, found is again, local_rank()))
"""


@pytest.mark.parametrize("engine", ["mpi", "torch"])
def test_a_name_gives_one_communicator_per_process(engine):
    answers = succeeded(ASKED.format(name=engine), 2, engine).answers
    assert answers == [(engine, rank, 2, True, rank) for rank in range(2)]


def test_an_instance_a_class_and_serial():
    own = SerialCommunicator()
    assert communicator_of(own, NUMPY) is own
    assert isinstance(communicator_of("serial", NUMPY), SerialCommunicator)
    assert isinstance(communicator_of(SerialCommunicator, NUMPY), Communicator)


@pytest.mark.parametrize("engine", ["mpi", "torch"])
def test_without_a_launcher_the_process_is_the_only_rank(engine):
    if reason := why_not(engine):
        pytest.skip(reason)
    source = ASKED.format(name=engine).replace("answer(", "print(")
    script = [sys.executable, "-c", source]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.stdout.strip() == f"('{engine}', 0, 1, True, 0)", done.stderr


WRONG = {
    "mpi under torchrun": (
        "torch",
        "mpi",
        "ValueError: parallel='mpi' joins processes that mpiexec starts, and torchrun started "
        "these: use parallel='torch', or start them by mpiexec",
    ),
    "torch under mpiexec": (
        "mpi",
        "torch",
        "ValueError: parallel='torch' joins processes that torchrun starts, and mpiexec started "
        "these: use parallel='mpi', or start them by torchrun",
    ),
    "nccl for NumPy": (
        "mpi",
        "nccl",
        "ValueError: parallel='nccl' joins GPUs for CuPy, and the network computes with numpy on "
        "cpu: move it by net.to(backend='cupy'), or use parallel='mpi'",
    ),
    "a name that was misspelt": (
        "mpi",
        "mpl",
        "ValueError: unknown parallel 'mpl': did you mean 'mpi'?",
    ),
}


@pytest.mark.parametrize(("engine", "name", "told"), WRONG.values(), ids=WRONG)
def test_wrong_use_is_told_once(engine, name, told):
    if name == "torch":  # without it, that is what is told
        pytest.importorskip("torch")
    job = run_ranks(ASKED.format(name=name), 3 if engine == "mpi" else 2, engine)
    assert job.status != 0
    assert job.output.count(told) == 1, job.output
    assert job.output.count("Traceback") <= 1 + (engine == "torch"), job.output  # torchrun's own


def test_wrong_use_can_be_caught_on_every_rank():
    source = ASKED.format(name="mpl")
    caught = f"try:\n    exec({source!r})\nexcept ValueError as error:\n    answer(str(error))\n"
    assert (
        succeeded(caught, 2, "mpi").answers == ["unknown parallel 'mpl': did you mean 'mpi'?"] * 2
    )


def test_what_is_neither_a_name_nor_a_communicator():
    with pytest.raises(TypeError, match="parallel must be a name or a Communicator, not 4"):
        communicator_of(4, NUMPY)


@pytest.mark.parametrize(
    ("name", "absent", "told"),
    [
        ("mpi", "mpi4py", r"parallel='mpi' needs mpi4py, and an MPI library: pip install \"mpi4py"),
        ("torch", "torch", r"parallel='torch' needs PyTorch: pip install \"torch"),
    ],
)
def test_an_absent_library_is_told_with_what_installs_it(name, absent, told, monkeypatch):
    real = builtins.__import__

    def without(module, *args, **kwargs):
        if module.partition(".")[0] == absent:
            raise ModuleNotFoundError(f"No module named {absent!r}")
        return real(module, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.delitem(sys.modules, "bpnet.parallel.mpi", raising=False)
    with pytest.raises(ImportError, match=told):
        communicator_of(name, NUMPY)
