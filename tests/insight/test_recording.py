"""Recorded passes: the bits of training's gradient, and autograd's values."""

import numpy as np
import pytest
from _backends import host, relative
from _cases import ACTIVATIONS, BATCHES, COSTS, DEFINED, DEPTHS, network, pairwise, samples
from insight._reference import autograd, special_network

import bpnet
from bpnet.activations import CustomActivation
from bpnet.insight.recording import record_network

COVER = pairwise((*ACTIVATIONS, "softsign", "mixed"), (*COSTS, "quartic"), DEPTHS, BATCHES)


def assert_bits_of_backprop(net, found, x, y):
    expected = net.backprop(x, y)
    for l, layer in enumerate(found.layers):
        assert np.array_equal(host(net, layer.nabla_w), host(net, expected.weights[l]))
        assert np.array_equal(host(net, layer.nabla_b), host(net, expected.biases[l]))
    for k, l in enumerate(net.model.architecture.norms):
        layer = found.layers[l]
        assert np.array_equal(host(net, layer.nabla_scale), host(net, expected.scales[k]))
        assert np.array_equal(host(net, layer.nabla_shift), host(net, expected.shifts[k]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("activation", "cost", "depth", "batch"), COVER[::3])
def test_gradients_are_those_of_backprop_to_the_bit(target, activation, cost, depth, batch, dtype):
    net = network(activation, cost, depth, target.backend(dtype))
    x, y = (target.give(one, dtype) for one in samples(cost, batch))
    found = record_network(net, x, y)
    assert_bits_of_backprop(net, found, x, y)
    for layer in found.layers:
        assert net.backend.owns(layer.delta)
        assert str(host(net, layer.delta).dtype) == dtype
    mean = float(np.mean(host(net, found.costs), dtype=np.float64))
    assert mean == pytest.approx(net.total_cost(x, y), rel=1e-6 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("normalization", ["batch", "layer", None])
def test_layers_that_do_more_have_the_bits_of_backprop(target, normalization, dtype):
    net = special_network(normalization, True, target.backend(dtype))
    x = np.random.default_rng(0).standard_normal((6, 3))
    x, y = target.give(x, dtype), target.give(np.eye(2)[[0, 1, 1, 0, 1, 0]], dtype)
    assert_bits_of_backprop(net, record_network(net, x, y), x, y)


def assert_agrees(found, expected):
    layers, costs = expected
    assert relative(found.costs, costs) < 1e-12
    for layer, reference in zip(found.layers, layers, strict=True):
        for name, value in reference.items():
            if name == "nabla_a" and layer.nabla_a is None:
                continue
            given = getattr(layer, name)
            scale = max(1.0, float(np.abs(value).max()))  # a bias before batch norm has rounding
            error = np.abs(np.asarray(given) - value).max()
            assert error < 1e-12 * scale, (name, given, value)


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("hidden", [*ACTIVATIONS, "softsign", "mixed"])
def test_every_number_is_autograds(torch, hidden, cost):
    for m in (1, 7):
        x, y = samples(cost, m)
        net = network(hidden, cost, 2, dtype="float64", output=None)
        output = hidden if hidden in DEFINED[cost] else None
        expected = autograd(torch, net, x, y, hidden, cost, output)
        assert_agrees(record_network(net, x, y), expected)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalization", ["batch", "layer", None])
def test_every_number_of_layers_that_do_more_is_autograds(torch, normalization, residual):
    net = special_network(normalization, residual)
    x, y = np.random.default_rng(3).standard_normal((5, 3)), np.eye(2)[[0, 1, 1, 0, 1]]
    hidden = ("tanh", "sigmoid")
    expected = autograd(torch, net, x, y, hidden, "categorical_cross_entropy")
    found = record_network(net, x, y)
    assert_agrees(found, expected)
    for layer in found.layers[:2]:
        if normalization is None:
            assert layer.normalized is None
            continue
        n = (layer.z - layer.mean) / np.sqrt(layer.variance + 1e-5)
        assert relative(layer.normalized, n) < 1e-14
        by_shift = layer.nabla_argument.mean(axis=0)
        assert relative(layer.nabla_shift, by_shift) < 1e-14


def test_the_derivative_is_at_what_the_function_is_applied_to():
    net = special_network("layer")
    found = record_network(net, np.eye(3), [0, 1, 0]).layers
    assert relative(found[0].sigma_prime, 1.0 - np.tanh(found[0].argument) ** 2) < 1e-14
    s = 1.0 / (1.0 + np.exp(-found[1].argument))
    assert relative(found[1].sigma_prime, s * (1.0 - s)) < 1e-14
    assert found[2].sigma_prime is None  # softmax
    assert found[2].nabla_a is None  # a - y does without


def test_what_bp1_begins_with():
    net = bpnet.Network([2, 3, 2], dtype="float64", seed=0)
    found = record_network(net, [[1.0, 2.0]], [[0.0, 1.0]]).layers[-1]
    assert np.array_equal(found.nabla_a, found.a - [[0.0, 1.0]])
    assert np.array_equal(found.delta, found.nabla_a * found.sigma_prime)


def test_derivatives_of_ones_own_that_are_a_number_or_only_a_pullback():
    double = CustomActivation(lambda z, xp: 2.0 * z, lambda z, a, xp: 2.0, name="double")
    net = bpnet.Network([2, 3, 1], activations=[double, "identity"], dtype="float64", seed=0)
    found = record_network(net, [[1.0, 2.0]], [[0.0]]).layers[0]
    assert np.array_equal(found.sigma_prime, np.full((1, 3), 2.0))

    class Reversed(bpnet.activations.Activation):
        name = "reversed"

        def value(self, z, xp=None):
            return xp.flip(z, axis=1)

        def pullback(self, g, z, a, xp=None):
            return xp.flip(g, axis=1)

    net = bpnet.Network([2, 3, 1], activations=[Reversed(), "identity"], dtype="float64", seed=0)
    found = record_network(net, [[1.0, 2.0]], [[0.0]]).layers[0]
    assert found.sigma_prime is None
    assert np.array_equal(found.delta, np.flip(found.nabla_a, axis=1))


def test_a_cost_of_ones_own_sees_the_activation_itself():
    seen = []

    class Own(bpnet.costs.Quadratic):
        name = "own"

        def output_error(self, sigma, z, a, y, xp):
            seen.append(sigma)
            return super().output_error(sigma, z, a, y, xp)

    net = bpnet.Network([2, 1], activations=["tanh"], cost=Own(), dtype="float64", seed=0)
    found = record_network(net, [[1.0, 2.0]], [[0.5]])
    assert seen[0] == bpnet.activations.Tanh()
    assert np.array_equal(found.layers[0].nabla_w, net.backprop([[1.0, 2.0]], [[0.5]]).weights[0])


def test_samples_may_be_sparse_or_frames():
    scipy = pytest.importorskip("scipy.sparse", reason="scipy is not installed")
    x, y = np.eye(3)[[0, 2, 1, 1]], [0, 1, 1, 0]
    net = special_network("batch")
    dense, sparse = record_network(net, x, y), record_network(net, scipy.csr_array(x), y)
    assert np.array_equal(dense.layers[0].delta, sparse.layers[0].delta)
    table = {"size": [1.0, 2.0, 4.0, 3.0] * 5, "kind": ["a", "b", "b", "a"] * 5}
    run = bpnet.train_table(table, "kind", epochs=2, seed=0, validation=0.2, test=0.2)
    rows = {name: column[:3] for name, column in table.items()}
    found = record_network(run.net, rows)
    assert np.array_equal(found.x, run.net.backend.asarray(run.data.preprocessing.transform(rows)))
    assert np.array_equal(found.y.argmax(axis=1), [0, 1, 1])
