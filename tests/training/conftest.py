"""Samples, and fits that are broken off."""

import numpy as np
import pytest
from training._fits import N, Transcription, classifier
from training._interrupted import broken, names


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((N, 4)), rng.integers(0, 3, N)


@pytest.fixture
def unseen():
    rng = np.random.default_rng(1)
    return rng.standard_normal((12, 4)), rng.integers(0, 3, 12)


@pytest.fixture
def single_steps_after(monkeypatch):
    """Called, it makes of each step a block of its own, with its callback after it."""
    return lambda: monkeypatch.setattr("bpnet.training.mini_batches._BLOCK", 1)


@pytest.fixture
def single_steps(single_steps_after):
    single_steps_after()


@pytest.fixture
def written(tmp_path):
    """A folder with two checkpoints, of step 27 (an epoch's end) and step 31."""
    broken(tmp_path / "there", 31)
    assert names(tmp_path / "there") == [
        "epoch-0003-step-00000027.safetensors",
        "epoch-0003-step-00000031.safetensors",
    ]
    return tmp_path / "there"


@pytest.fixture
def transcription(torch):
    return Transcription(torch, classifier())
