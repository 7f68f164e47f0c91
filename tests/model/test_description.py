"""A model described for a file, and made again."""

import json

import pytest
from _cases import QUARTIC, SOFTSIGN
from model._networks import ALL

import bpnet
from bpnet import Layer
from bpnet.activations import ELU, LeakyReLU, PerNeuron
from bpnet.costs import Huber
from bpnet.model.description import describe, model_from
from bpnet.normalization import BatchNorm

MODELS = {
    "plain": bpnet.Network([2, 3, 1], seed=0),
    "regression": bpnet.Network([2, 3, 1], cost=Huber(0.5), task="regression", seed=0),
    "settings": bpnet.Network(
        [2, Layer(3, ELU(0.5)), Layer(3, LeakyReLU(0.2), residual=True), 2],
        cost="log_likelihood",
        seed=0,
    ),
    "neurons": bpnet.Network([2, 2, 1], activations=[PerNeuron(["tanh", ELU(2.0)]), "sigmoid"]),
    "norm": bpnet.Network([2, Layer(3, normalization=BatchNorm(1e-3, 0.5)), 1], seed=0),
    **{name: bpnet.Network(layers, cost="log_likelihood", seed=0) for name, layers in ALL.items()},
}


def values(model):
    """What makes a model: two with the same values are the same."""
    return model.architecture.layers, model.architecture.sigma, model.cost, model.task


def through_json(description):
    return json.loads(json.dumps(description))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back(name):
    model = MODELS[name].model
    again = model_from(through_json(describe(model)), {})
    assert values(again) == values(model)
    assert str(again.architecture) == str(model.architecture)
    assert again.sizes == model.sizes
    assert describe(again) == describe(model)


def test_functions_of_ones_own_are_given_by_name():
    net = bpnet.Network([2, 2, 1], activations=[SOFTSIGN, "identity"], cost=QUARTIC, seed=0)
    description = through_json(describe(net.model))
    again = model_from(description, {"softsign": SOFTSIGN, "quartic": QUARTIC})
    assert values(again) == values(net.model)
    with pytest.raises(ValueError, match="softsign"):
        model_from(description, {"quartic": QUARTIC})


def test_only_what_a_layer_does_is_told():
    net = bpnet.Network([2, Layer(3, dropout=0.5), 1], seed=0)
    assert describe(net.model)["layers"] == {"1": {"dropout": 0.5}}
    assert describe(MODELS["plain"].model)["layers"] == {}


def test_a_description_without_options_is_one_of_plain_layers():
    """As the first release wrote it."""
    description = through_json(describe(MODELS["plain"].model))
    del description["layers"]
    assert values(model_from(description, {})) == values(MODELS["plain"].model)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"sizes": None}, KeyError, "sizes"),
        ({"activations": None}, KeyError, "activations"),
        ({"cost": None}, KeyError, "cost"),
        ({"task": None}, KeyError, "task"),
        ({"task": "regresion"}, ValueError, "unknown task 'regresion': did you mean 'regression'"),
        ({"sizes": [2, -3, 1]}, ValueError, r"sizes\[1\] must be at least 1, not -3"),
        ({"layers": {"7": {"dropout": 0.5}}}, ValueError, "options of layer 7, but 3 layers"),
        ({"layers": {"1": {"dropout": 2.0}}}, ValueError, "layer 1: dropout must be"),
        ({"cost": {"name": "quadratik"}}, ValueError, "'quadratik': did you mean 'quadratic'"),
        (
            {"layers": {"1": {"normalization": {"name": "bach"}}}},
            ValueError,
            "'bach': did you mean 'batch'",
        ),
    ],
    ids=str,
)
def test_what_is_missing_or_wrong_raises(change, error, words):
    description = {**through_json(describe(MODELS["plain"].model)), **change}
    with pytest.raises(error, match=words):
        model_from({k: v for k, v in description.items() if v is not None}, {})
