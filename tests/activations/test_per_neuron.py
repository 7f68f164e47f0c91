"""Layers that mix activations."""

import math

import numpy as np
import pytest
from _cases import MIXED

from bpnet.activations import PerNeuron, Sigmoid


def test_mixed_layers_use_each_neurons_own_function():
    z = np.asarray([[0.3, -0.7, 1.1]])
    a = MIXED.value(z)
    np.testing.assert_allclose(
        a, [[1 / (1 + math.exp(-0.3)), math.tanh(-0.7), 1 / (1 + math.exp(-1.1))]]
    )
    np.testing.assert_allclose(
        MIXED.derivative(z, a),
        [[a[0, 0] * (1 - a[0, 0]), 1 - a[0, 1] ** 2, a[0, 2] * (1 - a[0, 2])]],
    )


@pytest.mark.parametrize("inner", ["softmax", MIXED])
def test_a_function_of_several_neurons_cannot_be_mixed(inner):
    with pytest.raises(ValueError, match=r"one neuron each, and (softmax|per_neuron)"):
        PerNeuron(["sigmoid", inner])


def test_per_neuron_needs_functions():
    with pytest.raises(ValueError, match="PerNeuron needs one function per neuron, and has none"):
        PerNeuron([])


def test_a_layer_of_one_function_consists_of_it():
    assert PerNeuron(["sigmoid", "sigmoid"]).consists_of(Sigmoid)
    assert not MIXED.consists_of(Sigmoid)
    assert not PerNeuron(["sigmoid"]).consists_of(PerNeuron)


def test_functions_that_are_no_sequence():
    with pytest.raises(TypeError, match="functions must be a sequence, one per neuron, not 3"):
        PerNeuron(3)
