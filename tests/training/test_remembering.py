"""An optimizer whose memory is theta itself trains alike, however its steps are run."""

import numpy as np
import pytest
from _backends import parameters, relative

import bpnet
from bpnet.activations import CustomActivation
from bpnet.optimizers import Optimizer

X, Y = np.random.default_rng(0).standard_normal((20, 2)), np.random.default_rng(1).random((20, 1))
# The compiler knows the second, but not the first.
FORMS = {
    "plain": CustomActivation(lambda z, xp: z**3, lambda z, a, xp: 3.0 * z**2, name="cube"),
    "planned": CustomActivation(
        lambda z, xp: z * z * z, lambda z, a, xp: 3.0 * z * z, name="product"
    ),
}


class HeavyBall(Optimizer):
    """theta + mu (theta - theta before) - eta g, with theta as its memory."""

    learning_rate: float = 0.05

    def init(self, theta, xp):
        return (xp.zeros_like(theta) + theta,)

    def update(self, theta, gradient, memory, rates, xp):
        return theta - rates[0] * gradient + 0.9 * (theta - memory[0]), (theta,)


class Itself(HeavyBall):
    """Hands out theta at its very beginning."""

    def init(self, theta, xp):
        return (theta,)


@pytest.fixture(params=["numpy", "torch", "jax"])
def library(request):
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    return request.param


def network(library, form):
    return bpnet.Network(
        [2, 3, 1], activations=[FORMS[form], "identity"], seed=0, dtype="float64", backend=library
    )


def transcribed(steps):
    """The parameters after so many steps, by gradients alone."""
    net = network("numpy", "planned")
    theta = before = parameters(net)
    for _ in range(steps):
        found = net.backprop(X, Y)
        g = np.concatenate([one.ravel() for one in (*found.weights, *found.biases)])
        theta, before = theta - 0.05 * g + 0.9 * (theta - before), theta
        ends = np.cumsum([6, 3, 3])
        w1, w2, b1, b2 = np.split(theta, ends)
        net.set_parameters([w1.reshape(3, 2), w2.reshape(1, 3)], [b1, b2])
    return theta


def by_steps(net, optimizer, steps):
    for _ in range(steps):
        net.step(X, Y, optimizer=optimizer)


def by_epochs(net, optimizer, steps):
    net.fit(X, Y, epochs=steps, batch_size=20, optimizer=optimizer)


def by_fits(net, optimizer, steps):
    for _ in range(steps):
        net.fit(X, Y, epochs=1, batch_size=20, optimizer=optimizer)


def by_copies(net, optimizer, steps):
    """Steps of a copy of a copy, the last of which is given back."""
    for _ in range(steps):
        net.step(X, Y, optimizer=optimizer)
        net = net.copy()
    return net


@pytest.mark.parametrize("way", [by_steps, by_epochs, by_fits, by_copies])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [HeavyBall, Itself])
def test_it_trains_alike(library, form, way, kind):
    net = network(library, form)
    net = way(net, kind(0.05), 8) or net
    assert relative(parameters(net), transcribed(8)) < 1e-12
    assert not np.array_equal(parameters(net), parameters(network(library, form)))


def test_its_mini_batches_are_alike(library):
    """Several steps a run, some of other sizes."""
    nets = [network(library, form) for form in FORMS]
    for net in nets:
        net.fit(X, Y, epochs=3, batch_size=6, optimizer=HeavyBall(0.05))
    assert relative(*map(parameters, nets)) < 1e-12
    by_hand = network(library, "plain")
    for epoch in range(3):
        order = bpnet.randomness.epoch_order(0, epoch, 20)
        for k in range(0, 20, 6):
            rows = order[k : k + 6]
            by_hand.step(X[rows], Y[rows], optimizer=HeavyBall(0.05))
    assert relative(parameters(by_hand), parameters(nets[0])) < 1e-12
