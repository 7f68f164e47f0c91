"""Residual layers, dropout and noise."""

import itertools
import math

import numpy as np
import pytest
from _backends import host, relative
from model._networks import ALL, CHANCY, classes, every_gradient, network, theta_of

import bpnet
from bpnet import Layer
from bpnet.backprop import feedforward
from bpnet.randomness import keep_mask


def test_a_residual_layer_adds_the_activations_of_the_layer_below():
    x, _ = classes(5)
    net = network("residual")
    w, b = net.weights, net.biases
    a = x
    for l in range(3):
        a = np.tanh(a @ w[l].T + b[l]) + a
    z = a @ w[3].T + b[3]
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(net.feedforward(x), expected, rtol=1e-13)


def masks_of(net, step, m=64, first=0):
    """What each layer's activations are multiplied by in a step, the input's being 0."""
    backend, structure = net.backend, net.model.architecture
    with backend.scope():
        xp, keys = (
            backend.xp,
            dict(zip(structure.random, structure.keys(net.seed, step), strict=True)),
        )
        ones = backend.from_host(np.ones((m, net.sizes[0])), net.dtype)
        found = {}
        if (0, "dropout") in keys:
            found[0] = structure.input(ones, keys, first, xp)
        x = structure.input(ones, keys, first, xp)
        stages = structure.passes(net.state.theta, None, x, xp, keys, first)
        w, b = net.model.layout.split(net.state.theta, xp)
        feedforward(w, b, stages, x, xp)
        found |= {l + 1: s.kept for l, s in enumerate(stages) if getattr(s, "mask", None)}
        return {l: backend.to_numpy(one) for l, one in found.items()}


def test_masks_are_those_of_randomness_on_every_target(target):
    net = network("dropout", backend=target.backend())
    for step in (0, 1, 2**32 + 7):
        found = masks_of(net, step)
        assert sorted(found) == [0, 1, 2]
        for l, rate in enumerate((0.2, 0.5, 0.3)):
            kept = keep_mask(found[l].shape, 1 - rate, seed=3, step=step, layer=2 * l, xp=np)
            assert np.array_equal(found[l] != 0, kept)
            assert set(np.unique(found[l])) == {0.0, 1.0 / (1.0 - rate)}


def test_masks_differ_by_step_layer_and_seed():
    layers = [Layer(6, dropout=0.5), *[Layer(6, dropout=0.5)] * 2, 2]
    net, other = network(layers), network(layers, seed=4)
    found = [m for one in (net, other) for t in range(3) for m in masks_of(one, t).values()]
    for one, another in itertools.combinations(found, 2):
        agreement = np.mean((one != 0) == (another != 0))
        assert 0.35 < agreement < 0.65  # 384 coins: 0.5 with a deviation of 0.026


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_a_share_is_dropped_and_the_mean_is_kept(rate):
    net = network([3, Layer(50, dropout=rate), 2])
    kept = np.concatenate([masks_of(net, t, m=200)[1] for t in range(10)])
    deviation = math.sqrt(rate * (1 - rate) / kept.size)
    assert abs(np.mean(kept == 0) - rate) < 5 * deviation
    assert abs(kept.mean() - 1) < 5 * deviation / (1 - rate)
    assert np.abs(np.mean(kept == 0, axis=0) - rate).max() < 0.06  # of each unit
    assert np.abs(np.mean(kept == 0, axis=1) - rate).max() < 0.35  # of each sample


def test_nothing_is_dropped_in_prediction_and_evaluation(target):
    x, labels = classes(20)
    net = network("dropout", backend=target.backend())
    plain = network([3, 4, 5, 2], backend=target.backend())
    given = target.give(x), target.give(labels)
    assert np.array_equal(
        host(net, net.feedforward(given[0])), host(plain, plain.feedforward(given[0]))
    )
    assert net.total_cost(*given) == plain.total_cost(*given)
    noisy = network([Layer(3, noise=9.0), 4, 5, 2], backend=target.backend())
    assert noisy.total_cost(*given) == plain.total_cost(*given)
    for g, reference in zip(
        every_gradient(net, *given), every_gradient(plain, *given), strict=True
    ):
        assert np.array_equal(g, reference)


def test_the_history_judges_training_as_it_went_and_evaluation_without_masks():
    x, labels = classes(40)
    still = {"epochs": 1, "batch_size": 40, "optimizer": bpnet.SGD(0.0)}
    net = network("dropout")
    asked = net.fit(x, labels, **still, evaluate_training=True, validation=(x, labels))
    went = net.fit(x, labels, **still)
    assert asked["train_cost"] == asked["validation_cost"] == [net.total_cost(x, labels)]
    assert abs(went["train_cost"][0] - net.total_cost(x, labels)) > 1e-3


@pytest.mark.parametrize("layers", CHANCY)
def test_parts_of_a_batch_are_masked_as_the_whole(target, layers):
    x, labels = classes(23)
    simple = [one.replaced(normalization=None) if isinstance(one, Layer) else one
              for one in ALL[layers]]  # fmt: skip
    found = []
    for parts in (1, 4):
        net = network(simple, backend=target.backend())
        options = {"epochs": 2, "batch_size": 10, "optimizer": bpnet.Momentum(0.1)}
        net.fit(target.give(x), target.give(labels), accumulate=parts, **options)
        found.append(theta_of(net))
    assert relative(*found) < 1e-12


def test_noise_has_the_mean_and_deviation_that_were_asked_for(target):
    net = network([Layer(40, noise=0.25), 2], backend=target.backend())
    structure, backend = net.model.architecture, net.backend
    with backend.scope():
        zeros = backend.from_host(np.zeros((500, 40)), "float64")
        keys = [dict(zip(structure.random, structure.keys(3, t))) for t in (0, 1)]  # noqa: B905
        noise, next_one = (
            backend.to_numpy(structure.input(zeros, key, 0, backend.xp)) for key in keys
        )
        rest = backend.to_numpy(structure.input(zeros[300:, :], keys[0], 300, backend.xp))
    scaled = noise / 0.25
    assert abs(scaled.mean()) < 4 / math.sqrt(scaled.size)
    assert abs(scaled.std() - 1) < 4 / math.sqrt(2 * scaled.size)
    assert abs((scaled**4).mean() - 3) < 0.3  # as that of a normal distribution
    assert np.abs(scaled).max() < 6
    assert abs(np.corrcoef(noise.ravel(), next_one.ravel())[0, 1]) < 0.03
    assert np.array_equal(rest, noise[300:])
    expected = structure.input(np.zeros((500, 40)), keys[0], 0, bpnet.get_backend("numpy").xp)
    assert np.abs(noise - expected).max() < 1e-14
