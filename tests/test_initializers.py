"""Initial weights and biases."""

import math

import numpy as np
import pytest

import bpnet


@pytest.mark.parametrize(
    ("initializer", "activation", "deviation", "bound"),
    [
        ("standard_normal", "sigmoid", 1.0, None),
        ("scaled_normal", "sigmoid", 1 / math.sqrt(300), None),
        ("glorot_normal", "sigmoid", math.sqrt(2 / 500), None),
        ("glorot_uniform", "sigmoid", math.sqrt(2 / 500), math.sqrt(6 / 500)),
        ("he_normal", "sigmoid", math.sqrt(2 / 300), None),
        ("he_uniform", "sigmoid", math.sqrt(2 / 300), math.sqrt(6 / 300)),
        ("auto", "sigmoid", math.sqrt(2 / 500), math.sqrt(6 / 500)),
        ("auto", "tanh", math.sqrt(2 / 500), math.sqrt(6 / 500)),
        ("auto", "relu", math.sqrt(2 / 300), None),
        ("auto", "leaky_relu", math.sqrt(2 / 300), None),
        ("auto", "gelu", math.sqrt(2 / 300), None),
        ("zeros", "sigmoid", 0.0, 0.0),
    ],
)
def test_initializers(initializer, activation, deviation, bound):
    net = bpnet.Network(
        [300, 200, 1], activations=activation, initializer=initializer, seed=0, dtype="float64"
    )
    w, b = net.weights[0], net.biases[0]
    assert np.std(w) == pytest.approx(deviation, rel=0.02)
    assert abs(np.mean(w)) <= 0.02 * deviation
    largest = np.abs(w).max()
    if bound is None:
        assert largest > 3.5 * deviation
    else:
        assert 0.99 * bound <= largest <= bound
    if initializer in ("standard_normal", "scaled_normal"):
        assert np.std(b) == pytest.approx(1.0, rel=0.15)
    else:
        assert not b.any()


@pytest.mark.parametrize("sizes", [[7, 4], [4, 7], [5, 5]])
def test_orthogonal_rows_or_columns(sizes):
    w = bpnet.Network(sizes, initializer="orthogonal", seed=0, dtype="float64").weights[0]
    assert w.shape == (sizes[1], sizes[0])
    shorter = w @ w.T if sizes[1] <= sizes[0] else w.T @ w
    np.testing.assert_allclose(shorter, np.eye(min(sizes)), atol=1e-14)
