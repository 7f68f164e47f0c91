"""What a layer says, and layers that cannot be."""

import math

import numpy as np
import pytest
from model._networks import SHAPES, classes, network, norm_parts

import bpnet
from bpnet import Layer


def test_layers_say_what_they_do():
    net = network("everything", activation="relu")
    assert str(net.model.architecture) == (
        "3 (dropout 0.2, noise 0.1) -> 3 relu (batch norm, dropout 0.4, residual) -> "
        "3 relu (layer norm, dropout 0.1, residual) -> 5 relu (batch norm, dropout 0.2) -> "
        "2 softmax"
    )
    assert repr(Layer(3, "tanh", dropout=0.5)).startswith("Layer(size=3, activation='tanh'")
    assert Layer(3, normalization="batch") == Layer(3, normalization="batch")


def test_parameters_are_counted_and_start_at_one_and_zero():
    net = bpnet.Network(SHAPES["combined"], seed=0, dtype="float64")
    assert net.model.layout.size == net.model.layout.n_plain + 2 * 3 * 3
    scales, shifts = norm_parts(net)
    assert sorted(scales) == sorted(shifts) == [0, 1, 3]
    assert all((one == 1).all() for one in scales.values())
    assert not any(one.any() for one in shifts.values())
    shapes = [one.shape for one in net.backprop(*classes(4)).scales]
    assert shapes == [(3,)] * 3
    plain = bpnet.Network([3, 3, 3, 3, 3, 2], seed=0, dtype="float64")
    for one, other in zip(net.weights, plain.weights, strict=True):
        assert np.array_equal(one, other)  # the start is the plain network's


@pytest.mark.parametrize(
    ("sizes", "error", "words"),
    [
        ([3, Layer(4, dropout=1.0), 2], ValueError, "layer 1: dropout must be .* not 1.0"),
        ([3, Layer(4, dropout=-0.1), 2], ValueError, "layer 1: dropout must be .* not -0.1"),
        ([3, Layer(4, dropout=math.nan), 2], ValueError, "layer 1: dropout must be .* not nan"),
        (
            [3, Layer(4, dropout="0.5"), 2],
            TypeError,
            "layer 1: dropout must be a number, not '0.5'",
        ),
        ([Layer(3, noise=-1.0), 2], ValueError, "layer 0: noise must be at least 0 .* not -1.0"),
        ([Layer(3, noise=math.inf), 2], ValueError, "layer 0: noise must be .* finite, not inf"),
        ([Layer(3, noise=None), 2], TypeError, "layer 0: noise must be a number, not None"),
        (
            [3, Layer(4, noise=0.5), 2],
            ValueError,
            "layer 1 has noise 0.5, but only the input layer",
        ),
        (
            [Layer(3, "tanh"), 2],
            ValueError,
            "the input layer computes nothing, so it takes no activation",
        ),
        ([Layer(3, normalization="batch"), 2], ValueError, "the input layer computes nothing"),
        ([Layer(3, residual=True), 2], ValueError, "the input layer computes nothing"),
        ([3, Layer(2, dropout=0.5)], ValueError, "the output layer takes no dropout: give it to"),
        (
            [3, Layer(2, normalization="layer")],
            ValueError,
            "the output layer takes no normalization: give it to",
        ),
        (
            [2, Layer(2, residual=True)],
            ValueError,
            "the output layer takes no residual: give it to",
        ),
        (
            [3, Layer(4, residual=True), 2],
            ValueError,
            "layer 1 has 4 neurons and is residual, but layer 0 has 3",
        ),
        ([3, Layer(4, normalization="bach"), 2], ValueError, "'bach': did you mean 'batch'"),
        ([3, Layer(4, normalization=3), 2], TypeError, "a name or a Normalization, not 3"),
        ([3, Layer(0), 2], ValueError, r"sizes\[1\] must be at least 1, not 0"),
        ([3, Layer("4"), 2], TypeError, r"sizes\[1\] must be an integer or a Layer, not '4'"),
    ],
)
def test_layers_that_cannot_be_raise(sizes, error, words):
    with pytest.raises(error, match=words):
        bpnet.Network(sizes)
