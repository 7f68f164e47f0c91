"""Activations as model files keep them."""

import json

import numpy as np
import pytest

from bpnet.activations import ELU, LeakyReLU, PerNeuron, get
from bpnet.activations.records import from_dict, to_dict
from bpnet.activations.registry import BUILT_IN

MADE = [
    *map(get, BUILT_IN),
    LeakyReLU(np.float64(0.3)),
    ELU(np.float32(2)),
    PerNeuron(["tanh", "elu"]),
]


@pytest.mark.parametrize("activation", MADE, ids=repr)
def test_a_record_is_json_and_comes_back(activation):
    record = json.loads(json.dumps(to_dict(activation)))
    assert from_dict(record, {}) == activation


@pytest.mark.parametrize(
    "record",
    [
        {"name": "leaky_relu", "slope": "steep"},
        {"name": "leaky_relu", "slope": None},
        {"name": "elu", "alpha": [1.0]},
        {"name": "elu", "beta": 1.0},
        {"name": "per_neuron", "functions": [{"name": "elu", "alpha": True}]},
    ],
)
def test_a_damaged_record_raises(record):
    with pytest.raises(TypeError):
        from_dict(record, {})
