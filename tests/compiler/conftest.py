"""What the compiler's tests share: backends, and the plans that are made."""

import pytest

import bpnet
from bpnet.compiler.target import PlanningTarget
from bpnet.compiler.targets.numpy import NumpyTarget


@pytest.fixture(params=["numpy", "numpy-blocks", "numpy-alone", "torch", "torch-blocks"])
def backend(request, monkeypatch):
    """NumPy and PyTorch, also with blocks of three elements, so that every chain goes by them.

    NumPy alone is without its BLAS.
    """
    name, _, how = request.param.partition("-")
    if name == "torch":
        request.getfixturevalue("torch")
        monkeypatch.setattr("bpnet.compiler.targets.torch.TorchTarget.block", 3 if how else 2**17)
    elif how == "blocks":
        monkeypatch.setattr(NumpyTarget, "block", 3)
    elif how == "alone":
        monkeypatch.setattr(NumpyTarget, "blas", lambda self, dtype: None)
    chosen = bpnet.get_backend(name, dtype="float64")
    with chosen.scope():
        yield chosen


@pytest.fixture
def numpy_backend():
    chosen = bpnet.get_backend("numpy", dtype="float64")
    with chosen.scope():
        yield chosen


@pytest.fixture
def plans(monkeypatch):
    """The plans that are made in the course of a test."""
    made = []

    def watched(*args, make=PlanningTarget.plan, **options):
        made.append(make(*args, **options))
        return made[-1]

    monkeypatch.setattr(PlanningTarget, "plan", watched)
    return made
