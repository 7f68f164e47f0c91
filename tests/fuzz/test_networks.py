"""Random networks: some hundred in each run of the tests, more with ``--runs``."""

import random

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("array_api_strict")
pytest.importorskip("sklearn")

from fuzz.network_cases import drawn
from fuzz.network_checks import CHECKS, check
from fuzz_networks import failures_of

import bpnet
from bpnet.activations import Activation
from bpnet.compiler.targets.numpy import NumpyTarget
from bpnet.data import SequenceSource
from bpnet.data.sparse import SparseRows
from bpnet.training import start
from bpnet.training.fit import Fit
from bpnet.training.parallel.exchange import Exchange

PARTS = 20  # so many tests, which may run side by side


@pytest.mark.parametrize("part", range(PARTS))
def test_what_holds_for_every_network(part, runs):
    """Of a seed that fails, ``python tests/fuzz_networks.py --first SEED --runs 1`` tells more."""
    failed = {seed: failures_of(seed) for seed in range(part, runs(200), PARTS)}
    assert not any(failed.values()), {seed: one for seed, one in failed.items() if one}


# ------------------------------------------------------------------ what is wrong is noticed


def wrong_plan(monkeypatch):
    """A plan of another step than the plain loop does."""
    compiled = NumpyTarget.compile_step

    def compile_step(self, backend, step):
        def other(xp, state, *given):
            after, z = step(xp, state, *given)
            return scaled(after), z

        return compiled(self, backend, other)

    monkeypatch.setattr(NumpyTarget, "compile_step", compile_step)


def scaled(state):
    """A state whose parameters are a little larger."""
    if hasattr(state, "theta"):
        return state._replace(theta=state.theta * (1.0 + 1e-9))
    return state


def wrong_library(monkeypatch):
    """NumPy's predictions only are other ones."""
    predict = bpnet.Network.predict

    def changed(net, x):
        found = predict(net, x)
        return found + 1 if net.backend.name == "numpy" else found

    monkeypatch.setattr(bpnet.Network, "predict", changed)


def wrong_derivative(monkeypatch):
    """A derivative that is off by a millionth."""
    pullback = Activation.pullback
    monkeypatch.setattr(Activation, "pullback", lambda *given: pullback(*given) * (1.0 + 1e-6))


def wrong_figures(monkeypatch):
    """Costs of training that are off by a thousandth."""
    row = Fit._row

    def changed(*given):
        found = row(*given)
        return {**found, "train_cost": 1.001 * found["train_cost"]}

    monkeypatch.setattr(Fit, "_row", changed)


def wrong_checkpoints(monkeypatch):
    """Parameters of a checkpoint that are off by their last bit."""
    read = start.read_checkpoint

    def changed(path):
        snapshot = read(path)
        for name, array in snapshot.arrays.items():
            if name.endswith("theta"):
                snapshot.arrays[name] = np.nextafter(array, np.inf)
        return snapshot

    monkeypatch.setattr(start, "read_checkpoint", changed)


def wrong_copies(monkeypatch):
    """Copies and pickles whose parameters are off by their last bit."""
    state = bpnet.Network.__getstate__

    def changed(net):
        *others, trained = state(net)
        theta = np.nextafter(trained.state.theta, np.inf)
        return *others, trained._replace(state=trained.state._replace(theta=theta))

    monkeypatch.setattr(bpnet.Network, "__getstate__", changed)


def forgetful_files(monkeypatch):
    """Models that begin anew to count."""
    load = bpnet.load

    def changed(*given, **options):
        net = load(*given, **options)
        fresh = bpnet.Network(
            net.model.architecture.layers,
            cost=net.cost,
            seed=net.seed,
            task=net.task,
            dtype=net.dtype,
        )
        fresh.set_parameters(net.weights, net.biases)
        return fresh

    monkeypatch.setattr(bpnet, "load", changed)


def wrong_source(monkeypatch):
    """A source that reads another row."""
    read = SequenceSource.read

    def changed(source, begin, end):
        x, y = read(source, begin, end)
        return x[::-1], y

    monkeypatch.setattr(SequenceSource, "read", changed)


def wrong_rows(monkeypatch):
    """Rows of a sparse matrix that are others."""
    dense = SparseRows.dense
    monkeypatch.setattr(SparseRows, "dense", lambda *given: dense(*given)[::-1])


def wrong_sums(monkeypatch):
    """Sums of parts that are off by a thousandth."""
    total = Exchange.sum
    monkeypatch.setattr(Exchange, "sum", lambda *given: total(*given) * 1.001)


WRONG = {
    "plan_and_loop": wrong_plan,
    "other_libraries": wrong_library,
    "autograd": wrong_derivative,
    "history": wrong_figures,
    "resumed": wrong_checkpoints,
    "moved": wrong_copies,
    "saved": forgetful_files,
    "streamed": wrong_source,
    "sparse": wrong_rows,
    "lbfgs": wrong_figures,
    "parts": wrong_sums,
}


@pytest.mark.parametrize("name", CHECKS)
def test_what_is_wrong_is_noticed(name, monkeypatch):
    WRONG[name](monkeypatch)

    def tried():
        for seed in range(30):
            check(name, drawn(seed), random.Random(seed))

    with pytest.raises(AssertionError):
        tried()
