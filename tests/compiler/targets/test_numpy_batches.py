"""Samples that a thread gathers while steps are made."""

import threading

import numpy as np
import pytest
from compiler._trials import OPTIMIZERS, training

import bpnet
from bpnet.compiler.state import leaves_of
from bpnet.compiler.targets.numpy import NumpyLibrary, NumpyTarget


class Beside:
    """A run whose samples a thread may gather; ``seen`` is whether there was one, step by step."""

    def __init__(self, monkeypatch, sizes=(128, 3), samples=2**13, steps=2000):
        self.cores, self.steps, self.seen = 2, steps, []
        monkeypatch.setattr(NumpyTarget, "threads", lambda target: self.cores)
        monkeypatch.setattr(NumpyTarget, "beside", 2**12)
        backend = bpnet.get_backend("numpy", dtype="float64")
        self.trial = training(backend, "tanh", "quadratic", "sgd", 0, (sizes, 8))
        rng = np.random.default_rng(0)
        self.trial.x, self.trial.y = rng.random((samples, sizes[0])), rng.random((samples, 3))
        self.trial.order = rng.integers(0, samples, (steps, 8))
        self.trial.rates = [OPTIMIZERS["sgd"].rates(0)] * steps

    def run(self, cores=2, stop=lambda: False):
        """The state and outputs."""
        self.cores = cores
        self.seen.clear()

        def look():
            self.seen.append(any(one.name == "bpnet-gather" for one in threading.enumerate()))
            return stop()

        with self.trial.backend.scope():
            return self.trial.run(self.trial.planned, self.trial.state, last=self.steps, stop=look)


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    assert not any(one.name == "bpnet-gather" for one in threading.enumerate())


def test_samples_gathered_beside_the_steps_are_the_same(monkeypatch):
    beside = Beside(monkeypatch)
    together = beside.run()
    assert all(beside.seen[:1000])  # at the end there is nothing left to gather
    alone = beside.run(cores=1)
    assert not any(beside.seen)
    for one, other in zip(leaves_of(together), leaves_of(alone), strict=True):
        assert np.array_equal(one, other)


def test_what_is_gathered_beside_ends_with_the_run(monkeypatch):
    beside = Beside(monkeypatch)
    _, z = beside.run(stop=lambda: len(beside.seen) > 100)
    assert len(z) == 100
    assert all(beside.seen)


def test_an_error_of_the_thread_is_the_runs(monkeypatch):
    def gather(self, x, rows, out):
        x.take(rows, 0, out, "clip")
        where.add(threading.current_thread().name)
        if len(beside.seen) > 50:
            raise MemoryError("no room")

    beside, where = Beside(monkeypatch), set()
    monkeypatch.setattr(NumpyLibrary, "gather", gather)
    with pytest.raises(MemoryError, match="no room"):
        beside.run()
    assert where == {"bpnet-gather"}


def test_what_is_gathered_beside_ends_with_a_run_that_is_broken_off(monkeypatch):
    def interrupt():
        if len(beside.seen) > 100:
            raise KeyboardInterrupt
        return False

    beside = Beside(monkeypatch)
    with pytest.raises(KeyboardInterrupt) as held:  # the error, and by it the frames of the run
        beside.run(stop=interrupt)
    assert held.tb is not None
    assert all(beside.seen)
    assert not any(one.name == "bpnet-gather" for one in threading.enumerate())


@pytest.mark.parametrize(
    "given", [{"steps": 10}, {"samples": 100}, {"sizes": (128, 1500, 3), "steps": 30}], ids=str
)
def test_nothing_is_gathered_beside_where_that_gains_nothing(given, monkeypatch):
    beside = Beside(monkeypatch, **given)
    beside.run()
    assert beside.seen
    assert not any(beside.seen)
