"""What settings and data make of a network."""

import dataclasses

import numpy as np
import pytest

from bpnet.data import load_digits
from bpnet.tabular.network import make_network
from bpnet.tabular.recipe import TABLES, completed


def network(data, **asked):
    return make_network(completed(asked, TABLES[data.task], data), data)


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def test_hidden_layers_have_dropout_and_normalization(digits):
    net = network(digits, hidden=[8, 4], dropout=0.25, normalization="batch")
    text = "64 -> 8 relu (batch norm, dropout 0.25) -> 4 relu (batch norm, dropout 0.25) -> 10 soft"
    assert text in " ".join(repr(net).split())


def test_a_number_is_one_hidden_layer(digits):
    assert network(digits, hidden=8).sizes == (64, 8, 10)
    assert network(digits, hidden=()).sizes == (64, 10)


def test_outputs_go_by_the_task(digits):
    x = digits.train[0]
    labels = (x[:, :3] > 0).astype(np.float32), x[:, :2]
    for task, y, cost in (
        ("multilabel", labels[0], "binary_cross_entropy"),
        ("regression", labels[1], "quadratic"),
    ):
        data = dataclasses.replace(digits, task=task, train=(x, y), classes=None)
        net = network(data)
        assert (net.sizes[-1], net.task, net.cost.name) == (y.shape[1], task, cost)
    two = dataclasses.replace(digits, classes=("no", "yes"))
    assert network(two).sizes[-1] == 2
    assert network(two, cost="binary_cross_entropy").sizes[-1] == 1
