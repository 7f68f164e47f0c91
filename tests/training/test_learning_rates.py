"""A learning rate is given to a step: changing it compiles nothing."""

import numpy as np
import pytest
from _backends import parameters, relative

import bpnet
from bpnet.schedules import Cosine, Exponential, Warmup
from bpnet.training.step import make_step

X, Y = np.random.default_rng(0).standard_normal((24, 4)), np.arange(24) % 2
KINDS = [bpnet.SGD, bpnet.Momentum, bpnet.Adam, bpnet.NAdam]


@pytest.fixture(params=["numpy", "torch", "jax"])
def library(request):
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    return request.param


@pytest.fixture
def traced(monkeypatch):
    """Sizes of the mini-batches for which a step was traced, as whoever compiles it does."""
    sizes = []

    def watched(*args):
        step = make_step(*args)

        def traced(xp, state, x, y, rates):
            sizes.append(x.shape[0])
            return step(xp, state, x, y, rates)

        return traced

    monkeypatch.setattr("bpnet.training.runs.make_step", watched)
    return sizes


def network(library):
    return bpnet.Network([4, 3, 2], cost="log_likelihood", backend=library, seed=0)


@pytest.mark.parametrize("kind", KINDS)
def test_steps_with_other_rates_compile_nothing(library, kind, traced):
    net = network(library)
    net.step(X, Y, optimizer=kind(0.5))
    before = len(traced)
    assert before
    rates = [0.25, 0.1, 1, np.float32(0.2), Cosine(0.1, 50), Exponential(0.2, 7), lambda t: 0.01]
    for rate in rates:
        net.step(X, Y, optimizer=kind(rate))
    assert len(traced) == before
    assert net.steps == 8
    net.step(X, Y, optimizer=kind(0.5), l2=0.1)
    assert len(traced) > before


def test_fits_with_other_rates_schedules_and_factors_compile_nothing(library, traced):
    net = network(library)
    fit = {"epochs": 3, "batch_size": 8}
    net.fit(X, Y, optimizer=bpnet.Adam(0.1), **fit)
    before = len(traced)
    assert before
    net.fit(X, Y, optimizer=bpnet.Adam(0.01), **fit)
    net.fit(X, Y, optimizer=bpnet.Adam(Warmup(Cosine(0.1, 90), 3)), **fit)
    plateau = bpnet.ReduceOnPlateau("train_cost", factor=0.5, patience=0, min_delta=99.0)
    net.fit(X, Y, optimizer=bpnet.Adam(0.1), callbacks=[plateau], **fit)
    assert len(traced) == before


def test_the_rate_is_the_one_that_is_used(library):
    """Not the one with which the step was compiled."""
    net = network(library)
    net.step(X, Y, optimizer=bpnet.SGD(0.5))
    for rate in (0.25, 1e-3, 2.0):
        before, found = parameters(net), net.backprop(X, Y)
        with net.backend.scope():
            parts = [*found.weights, *found.biases]
            gradient = np.concatenate([net.backend.to_numpy(one).ravel() for one in parts])
        net.step(X, Y, optimizer=bpnet.SGD(rate))
        assert relative(parameters(net), before - rate * gradient) < 1e-6


class Reading(bpnet.optimizers.Optimizer):
    """One of a user's own, whose update reads its own rate."""

    learning_rate: float = 0.1

    def update(self, theta, gradient, memory, rates, xp):
        return theta - self.learning_rate * gradient, memory


def test_an_update_that_reads_its_own_rate_stays_right(library):
    net, twin = network(library), network(library)
    for rate in (0.5, 0.25, 2.0, 0.5):
        net.step(X, Y, optimizer=Reading(rate))
        twin.step(X, Y, optimizer=bpnet.SGD(rate))
        assert relative(parameters(net), parameters(twin)) < 1e-6
    for rate in (0.1, 0.2):
        net.fit(X, Y, epochs=2, batch_size=5, optimizer=Reading(rate))
        twin.fit(X, Y, epochs=2, batch_size=5, optimizer=bpnet.SGD(rate))
        assert relative(parameters(net), parameters(twin)) < 1e-6
