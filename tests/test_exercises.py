"""The two exercises of chapter 2, at every place, against plain loops; traces show the answers."""

import numpy as np
import pytest
from _backends import relative

import bpnet
from bpnet.activations import CustomActivation, PerNeuron

SIZES = [4, 3, 5, 2]
F = CustomActivation(lambda z, xp: xp.sin(z), lambda z, a, xp: xp.cos(z), name="sine")


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def data(m=1):
    rng = np.random.default_rng(3)
    return rng.standard_normal((m, SIZES[0])), rng.standard_normal((m, SIZES[-1]))


# ------------------------------------------------------------------ one neuron


def changed_at(r, s, **settings):
    """A network of sigmoids in which neuron s of layer r, the first after the input, is changed."""
    activations = ["sigmoid"] * 3
    activations[r] = PerNeuron([F if j == s else "sigmoid" for j in range(SIZES[r + 1])])
    settings = {"dtype": "float64", "seed": 2, **settings}
    return bpnet.Network(SIZES, activations=activations, initializer="standard_normal", **settings)


PLACES = [(r, s) for r in range(3) for s in range(SIZES[r + 1])]


@pytest.mark.parametrize("m", [1, 4])
@pytest.mark.parametrize(("r", "s"), PLACES)
def test_its_own_derivative_stands_in_its_component_alone(r, s, m):
    net, (x, y) = changed_at(r, s), data(m)
    found = bpnet.trace(net, x, y)
    a, d = x, []
    for l, (w, b) in enumerate(zip(net.weights, net.biases, strict=True)):
        z = a @ w.T + b
        a = sigmoid(z)
        d.append(a * (1.0 - a))
        if l == r:
            a[:, s], d[l][:, s] = np.sin(z[:, s]), np.cos(z[:, s])
        assert relative(found.layers[l + 1].a, a) < 1e-14
        assert relative(found.layers[l + 1].sigma_prime, d[l]) < 1e-13
    delta = (a - y) * d[2]  # BP1
    for l in (2, 1, 0):
        assert relative(found.layers[l + 1].delta, delta) < 1e-13
        delta = (delta @ net.weights[l]) * d[l - 1] if l else None  # BP2
    assert bpnet.gradient_check(net, x, y).passed


def test_every_library_computes_it(target):
    x, y = data(3)
    expected = bpnet.trace(changed_at(1, 2), x, y)
    net = changed_at(1, 2, backend=target.backend("float64"))
    found = bpnet.trace(net, target.give(x, "float64"), target.give(y, "float64"))
    for layer, reference in zip(found.layers[1:], expected.layers[1:], strict=True):
        with net.backend.scope():
            assert relative(net.backend.to_numpy(layer.delta), reference.delta) < 1e-13


# ------------------------------------------------------------------ the linear network


@pytest.mark.parametrize("cost", ["quadratic", "huber", "absolute"])
@pytest.mark.parametrize("sizes", [[4, 2], [4, 3, 2], [4, 5, 1, 2], [4, 3, 5, 6, 2]])
def test_gradients_of_the_linear_network_in_closed_form(sizes, cost):
    L = len(sizes) - 1
    net = bpnet.Network(
        sizes, activations=["identity"] * L, cost=cost, dtype="float64", seed=len(sizes)
    )
    x, y = data(7)
    w, b = net.weights, net.biases
    P, Q, c = [np.eye(2)], [np.eye(4)], [np.zeros(4)]
    for l in range(L):
        P.insert(0, P[0] @ w[L - 1 - l])
        Q.append(w[l] @ Q[-1])
        c.append(w[l] @ c[-1] + b[l])
    output = x @ P[0].T + c[-1]
    delta = net.cost.gradient(output, y, np)
    G, h = delta.T @ x / len(x), delta.mean(axis=0)
    found = bpnet.trace(net, x, y)
    assert relative(found.layers[L].a, output) < 1e-13
    for l in range(1, L + 1):
        layer = found.layers[l]
        assert np.array_equal(layer.sigma_prime, np.ones_like(layer.z))
        assert relative(layer.delta, delta @ P[l]) < 1e-13
        expected = P[l].T @ (G @ Q[l - 1].T + np.outer(h, c[l - 1]))
        assert relative(layer.nabla_w, expected) < 1e-13
        assert relative(layer.nabla_b, P[l].T @ h) < 1e-13


def test_with_all_parameters_zero_only_the_last_biases_move():
    net = bpnet.Network(SIZES, activations=["identity"] * 3, initializer="zeros", dtype="float64")
    layers = bpnet.trace(net, *data(5)).layers
    assert [bool(np.any(one.nabla_w)) for one in layers[1:]] == [False] * 3
    assert [bool(np.any(one.nabla_b)) for one in layers[1:]] == [False, False, True]
