"""Predictions of many samples are computed by blocks of them."""

import numpy as np
import pytest
from _backends import relative

import bpnet
import bpnet.training.runs

ROWS = 50  # per block


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(bpnet.training.runs, "_CHUNK", ROWS * 6)


def network(backend, outputs=3):
    options = {"activations": "tanh", "cost": "cross_entropy", "seed": 0}
    return bpnet.Network([4, 6, outputs], backend=backend, task="classification", **options)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("m", [1, 49, 50, 51, 100, 237])
@pytest.mark.parametrize("how", ["predict", "predict_proba", "feedforward"])
def test_they_are_those_of_each_sample(target, how, m, outputs):
    net = network(target.backend(), outputs)
    x = np.random.default_rng(m).normal(size=(m, 4))
    found = net.backend.to_numpy(getattr(net, how)(x))
    w, b = ([net.backend.to_numpy(one) for one in part] for part in (net.weights, net.biases))
    a = 1.0 / (1.0 + np.exp(-(np.tanh(x @ w[0].T + b[0]) @ w[1].T + b[1])))
    both = np.concatenate([1.0 - a, a], axis=1) if outputs == 1 else a
    expected = {"feedforward": a, "predict_proba": both, "predict": both.argmax(axis=1)}[how]
    assert found.shape == expected.shape
    assert relative(found, expected) < 1e-12
    given = net.backend.to_numpy(getattr(net, how)(target.give(x)))
    assert np.array_equal(given, found)


def test_no_more_samples_than_a_block_at_a_time(monkeypatch):
    net, seen = network("numpy"), []
    forward = net._runs.forward
    net._runs.forward = lambda state, x: seen.append(x.shape[0]) or forward(state, x)
    net.predict(np.zeros((237, 4), "f4"))
    net.score(np.zeros((120, 4), "f4"), np.zeros(120, int))
    assert seen == [50, 50, 50, 50, 37, 50, 50, 20]


def test_a_value_that_is_not_finite_is_named_by_its_row_of_all():
    x = np.zeros((237, 4))
    x[201, 2] = np.nan
    with pytest.raises(ValueError, match="row 201, column 2 is nan"):
        network("numpy").predict(x)
