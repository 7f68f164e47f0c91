"""What a divergence advises: a lower learning rate where that may help, and what else may."""

import re

import numpy as np
import pytest

import bpnet
from bpnet.data import ArraySource

X = np.linspace(-1.0, 1.0, 12).reshape(6, 2)
Y = X[:, :1] * 2.0


def network(target=None, **settings):
    backend = None if target is None else target.backend("float32")
    return bpnet.Network([2, 3, 1], activations=["tanh", "identity"], backend=backend, **settings)


def told(call, *arguments, **settings):
    with pytest.raises(bpnet.DivergenceError) as caught:
        call(*arguments, **settings)
    return str(caught.value)


@pytest.mark.parametrize(
    ("x", "y", "largest"),
    [
        (X, Y * 1e20, "targets up to 2e+20"),
    ],
)
def test_a_cost_that_is_infinite_before_any_step_blames_no_rate(target, x, y, largest):
    for call, settings in (("fit", {"epochs": 1, "batch_size": 3}), ("step", {})):
        net = network(target, seed=0)
        words = told(getattr(net, call), x, y, **settings)
        assert "learning rate" not in words
        assert largest in words
        assert "float32 holds numbers up to 3.4e+38: scale what is large, or give" in words
        assert np.isfinite(net.backend.to_numpy(net.weights[0])).all()
    wide = network(dtype="float64", seed=0)
    assert np.isfinite(wide.total_cost(x, y))


def test_inputs_and_parameters_are_named_too():
    net = bpnet.Network([2, 1], activations=["identity"], seed=0)
    assert "inputs up to 3e+38" in told(net.fit, X * 3e38, Y, epochs=1)
    net.set_parameters([[[1e30, 1.0]]], [[0.0]])
    words = told(net.fit, X, Y, epochs=1)
    assert "parameters up to 1e+30" in words
    assert "learning rate" not in words
    pytest.importorskip("scipy", reason="scipy is not installed")
    assert "targets up to 2e+20" in told(
        network(seed=0).fit, X, Y * 1e20, epochs=1, optimizer="lbfgs"
    )


def test_in_float64_a_wider_type_is_not_advised():
    words = told(network(dtype="float64", seed=0).fit, X, Y * 1e200, epochs=1)
    assert "float64 holds numbers up to 1.8e+308: scale what is large" in words
    assert "dtype" not in words


def test_a_cost_that_is_undefined_is_told_as_such():
    def value(a, y, xp):
        return xp.sum(a, axis=-1) * float("nan")

    cost = bpnet.costs.CustomCost(value, lambda a, y, xp: a - y, name="undefined")
    words = told(bpnet.Network([2, 1], cost=cost, seed=0).fit, X, Y, epochs=1)
    assert "is not defined for these outputs" in words


def test_a_rate_too_high_is_still_blamed():
    net = bpnet.Network([2, 1], activations=["identity"], seed=0)
    words = told(net.fit, X, Y, epochs=200, batch_size=6, optimizer=bpnet.SGD(1e3))
    assert words.endswith("A lower learning rate may help")
    again, steep = bpnet.Network([2, 1], activations=["identity"], seed=0), bpnet.SGD(1e3)

    def steps():
        for _ in range(200):
            again.step(X, Y, optimizer=steep)

    assert told(steps).endswith("A lower learning rate may help")


def test_samples_that_are_not_scaled_are_named_beside_the_rate():
    net = bpnet.Network([2, 1], activations=["identity"], seed=0)
    words = told(net.fit, X * 1e5, Y * 1e6, epochs=20, batch_size=6)
    found = re.search(r"lower learning rate may help\. So may scaling: (.*)", words)
    assert found[1] == ("the inputs go up to 1e+05 and the targets go up to 2e+06 in magnitude")


def test_a_source_has_no_magnitudes():
    words = told(network(seed=0).fit, ArraySource(X, Y * 1e20), epochs=1)
    assert "No step had been done before it" in words
    assert "learning rate" not in words
    assert "scale what is large" in words


@pytest.mark.parametrize("cost", ["huber"])
def test_huge_targets_that_a_cost_can_take_are_trained_on(cost):
    net = network(cost=cost, seed=0)
    assert len(net.fit(X, Y * 1e20, epochs=1)) == 1
