"""Targets outside the range of the output layer."""

import warnings

import numpy as np
import pytest

import bpnet
from bpnet.activations import ELU, LeakyReLU, PerNeuron

X = np.linspace(-1, 1, 30)[:, None]
HIGH = 5 * X + 10


def net_of(sigma, outputs=1, **options):
    return bpnet.Network([1, 4, outputs], activations=["tanh", sigma], seed=0, **options)


@pytest.mark.parametrize(
    ("sigma", "y", "outputs"),
    [
        ("sigmoid", HIGH, "sigmoid outputs lie between 0 and 1"),
        ("tanh", HIGH, "tanh outputs lie between -1 and 1"),
        ("relu", -HIGH, "relu outputs are at least 0"),
        ("softplus", -HIGH, "softplus outputs are at least 0"),
        ("exponential", -HIGH, "exponential outputs are at least 0"),
        ("gelu", -HIGH, "gelu outputs are at least -0.18"),
        ("elu", -HIGH, "elu outputs are at least -1"),
        ("softmax", HIGH, "softmax outputs lie between 0 and 1"),
    ],
)
def test_targets_that_outputs_cannot_reach_are_told_before_the_first_step(
    target, sigma, y, outputs
):
    low, high = y.min(), y.max()
    told = rf"^y goes from {low:g} to {high:g}, which .* {outputs}\. Use activations=\['tanh', 'id"
    net = net_of(sigma, backend=target.backend())
    x, y = target.give(X), target.give(y)
    with pytest.warns(UserWarning, match=told) as seen:
        net.fit(x, y, epochs=0)
    assert len(seen) == 1
    net = net_of(sigma, backend=target.backend())
    with pytest.warns(UserWarning, match=told):
        net.step(x, y, optimizer=bpnet.SGD(0.0))
    net.step(x, y, optimizer=bpnet.SGD(0.0))  # told once


def test_the_way_out_works():
    net = bpnet.Network([1, 16, 1], activations="relu", cost="quadratic", seed=0)
    with pytest.warns(UserWarning, match="Use activations=") as seen:
        net.fit(X, HIGH, epochs=1)
    advice = str(seen[0].message).partition("Use activations=")[2].partition(", or")[0]
    sigma = [part.strip("[]' ") for part in advice.split(",")]
    assert sigma == ["relu", "identity"]
    net = bpnet.Network([1, 16, 1], activations=sigma, cost="quadratic", seed=0)
    net.fit(X, HIGH, epochs=200, optimizer=bpnet.Adam(0.02))
    assert net.score(X, HIGH) > 0.9


def test_targets_within_the_range_or_at_its_bounds_are_not_told():
    ends = np.where(X > 0, 1.0, 0.0)
    for sigma, y in (
        ("sigmoid", ends),
        ("sigmoid", ends[:, 0].astype(int)),
        ("tanh", 2 * ends - 1),
        ("relu", ends),
        ("identity", -HIGH),
        (ELU(20.0), -HIGH),
        (LeakyReLU(0.1), -HIGH),
    ):
        net_of(sigma).fit(X, y, epochs=1, validation=(X, y))


def test_each_neuron_has_a_range_of_its_own():
    mixed = PerNeuron(["identity", "sigmoid"])
    with pytest.warns(UserWarning, match=r"^column 1 of y goes from 5 to 15, .* sigmoid outputs"):
        net_of(mixed, 2).fit(X, np.hstack([HIGH, HIGH]), epochs=1)
    net_of(mixed, 2).fit(X, np.hstack([HIGH, HIGH / 20]), epochs=1)


def test_validation_targets_are_told_too():
    with pytest.warns(UserWarning, match=r"^validation y goes from 5 to 15"):
        net_of("sigmoid").fit(X, HIGH / 20, epochs=1, validation=(X, HIGH))


def test_streamed_targets_are_told_once_wherever_they_are():
    many = 20_000
    y = np.full((many, 1), 0.5)
    y[-1] = 9.0
    source = bpnet.data.ArraySource(np.zeros((many, 1)), y)
    with pytest.warns(UserWarning, match=r"^y goes from 0.5 to 9") as seen:
        net_of("sigmoid").fit(source, epochs=2, batch_size=1000)
    assert len(seen) == 1
    with pytest.warns(UserWarning, match=r"^y goes from 5 to 15"):
        net_of("tanh").fit(bpnet.data.ArraySource(X, HIGH), epochs=1)


def test_lbfgs_tells_too():
    with pytest.warns(UserWarning, match=r"^y goes from 5 to 15"):
        net_of("sigmoid").fit(X, HIGH, epochs=1, optimizer=bpnet.LBFGS())


def test_a_warning_that_is_an_error_changes_nothing():
    net = net_of("sigmoid")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning):
            net.fit(X, HIGH, epochs=3)
        with pytest.raises(UserWarning):
            net.step(X, HIGH)
    assert (net.epochs, net.steps, net.task) == (0, 0, "classification")
    net.fit(X, HIGH / 20, epochs=1)
