"""Penalties, bounds, averages and parts of a batch, beside PyTorch."""

import math

import numpy as np
import pytest
from _backends import host, parameters, relative
from training._fits import N, classifier, fit, fitted

import bpnet
from bpnet import Layer


@pytest.mark.parametrize(("l1", "l2"), [(0.02, 0.0), (0.0, 0.3), (0.02, 0.3)])
def test_penalties_equal_those_of_pytorch(torch, transcription, target, data, l1, l2):
    def loss(z, y, rows):
        weights = [linear.weight for linear in transcription.linears]
        penalty = sum(l1 * w.abs().sum() + l2 / 2 * (w**2).sum() for w in weights)
        return torch.nn.functional.cross_entropy(z, y) + penalty

    expected = transcription.train(data, loss=loss)
    found, _ = fitted(data, target, l1=l1, l2=l2)
    assert relative(found, expected) < 1e-12
    assert relative(found, fitted(data, target)[0]) > 1e-2


def test_max_norm_equals_that_of_pytorch(torch, transcription, target, data):
    def shorten(weights):
        for w in weights:
            torch.renorm(w, 2, 0, 0.6, out=w)

    expected = transcription.train(data, after=shorten)
    net = classifier(target.backend())
    fit(net, [target.give(one) for one in data], max_norm=0.6)
    assert relative(parameters(net), expected) < 1e-6  # PyTorch adds 1e-7 to a norm
    norms = np.concatenate([np.linalg.norm(host(net, w), axis=1) for w in net.weights])
    assert norms.max() < 0.6 * (1 + 1e-14)
    assert np.sum(norms > 0.6 * (1 - 1e-14)) >= 3  # some were shortened, some were not
    assert norms.min() < 0.59


def test_max_norm_equals_its_formula(transcription, target, data):
    def shorten(weights):
        for w in weights:
            w *= (0.6 / w.norm(dim=1, keepdim=True)).clamp(max=1.0)

    expected = transcription.train(data, after=shorten)
    assert relative(fitted(data, target, max_norm=0.6)[0], expected) < 1e-12


def test_clipping_by_value_equals_that_of_pytorch(torch, transcription, target, data):
    def clip(leaves):
        torch.nn.utils.clip_grad_value_(leaves, 0.02)

    expected = transcription.train(data, before=clip)
    assert relative(fitted(data, target, clip_value=0.02)[0], expected) < 1e-12


def test_clipping_by_norm_equals_that_of_pytorch(torch, transcription, target, data):
    lengths = []

    def clip(leaves):
        lengths.append(torch.nn.utils.clip_grad_norm_(leaves, math.inf).item())
        # PyTorch divides by the norm and 1e-6 more, here its bound is as much larger.
        bound = 0.6 * (1 + 1e-6 / lengths[-1]) if lengths[-1] > 0.6 else 0.6
        torch.nn.utils.clip_grad_norm_(leaves, bound)

    expected = transcription.train(data, before=clip)
    assert min(lengths) < 0.6 < max(lengths)
    assert relative(fitted(data, target, clip_norm=0.6)[0], expected) < 1e-10


def test_values_are_clipped_before_the_norm(torch, transcription, data):
    def clip(leaves):
        torch.nn.utils.clip_grad_value_(leaves, 0.05)
        torch.nn.utils.clip_grad_norm_(leaves, 0.1)

    expected = transcription.train(data, before=clip)
    assert relative(fitted(data, clip_value=0.05, clip_norm=0.1)[0], expected) < 1e-5


@pytest.mark.parametrize("what", ["clip_value", "clip_norm", "max_norm"])
def test_a_bound_that_nothing_reaches_changes_nothing(data, what):
    assert relative(fitted(data, **{what: 1e6})[0], fitted(data)[0]) < 1e-14


@pytest.mark.parametrize("decay", [0.5, 0.99])
def test_the_average_equals_that_of_pytorch(torch, transcription, target, data, decay):
    tools = torch.optim.swa_utils
    averaged = tools.AveragedModel(
        transcription.module, multi_avg_fn=tools.get_ema_multi_avg_fn(decay)
    )
    averaged.update_parameters(transcription.module)  # the first one copies: the start is in it
    steps = {"after": lambda weights: averaged.update_parameters(transcription.module)}
    transcription.train(data, **steps)
    net = classifier(target.backend())
    fit(net, [target.give(one) for one in data], average=decay)
    assert relative(parameters(net), transcription.parameters()) < 1e-12
    expected = transcription.parameters(averaged.module)
    assert relative(parameters(net.averaged()), expected) < 1e-12
    assert relative(parameters(net.averaged()), parameters(net)) > 1e-3


def test_the_average_goes_on_in_a_second_fit_and_ends_without_one(data):
    options = {"average": 0.9}
    once, twice = classifier(), classifier()
    fit(once, data, epochs=4, **options)
    for _ in range(2):
        fit(twice, data, epochs=2, **options)
    assert np.array_equal(parameters(once.averaged()), parameters(twice.averaged()))
    kept = twice.copy().averaged()
    assert np.array_equal(parameters(kept), parameters(twice.averaged()))
    assert not kept.state.average
    fit(twice, data, epochs=1)
    with pytest.raises(ValueError, match="no moving average: fit"):
        twice.averaged()


@pytest.mark.parametrize("parts", [2, 3, 10, 99])
@pytest.mark.parametrize("extra", [{}, {"clip_norm": 0.1, "l1": 0.01, "average": 0.9}])
def test_parts_make_the_step_of_the_whole_batch(target, data, parts, extra):
    whole, judged = fitted(data, target, **extra)
    found, history = fitted(data, target, accumulate=parts, **extra)
    assert relative(found, whole) < 1e-12
    assert history["train_cost"] == pytest.approx(judged["train_cost"], rel=1e-12)
    assert history["train_accuracy"] == judged["train_accuracy"]


def test_parts_of_weighted_samples_make_the_step_of_the_whole_batch(target, data):
    weights = np.random.default_rng(3).uniform(0, 3, N)
    whole, _ = fitted(data, target, sample_weight=weights)
    found, _ = fitted(data, target, sample_weight=weights, accumulate=4)
    assert relative(found, whole) < 1e-12


EVERYTHING = {
    "l1": 0.001,
    "l2": 0.01,
    "clip_value": 0.5,
    "clip_norm": 0.5,
    "max_norm": 2.0,
    "accumulate": 2,
    "average": 0.9,
    "label_smoothing": 0.1,
    "class_weight": "balanced",
}


def regular(backend=None, seed=4):
    layers = [
        Layer(4, dropout=0.1, noise=0.1),
        Layer(6, normalization="batch", dropout=0.5),
        Layer(6, normalization="layer", residual=True),
        3,
    ]
    return bpnet.Network(layers, cost="log_likelihood", backend=backend, seed=seed, dtype="float64")


def test_all_of_it_agrees_with_numpy(target, data):
    options = {"network": regular, "optimizer": bpnet.Momentum(0.05), **EVERYTHING}
    found, history = fitted(data, target, **options)
    expected, judged = fitted(data, **options)
    assert relative(found, expected) < 1e-12
    assert history["train_cost"] == pytest.approx(judged["train_cost"], rel=1e-12)


def test_the_same_seed_gives_the_same_bits_and_no_random_state_is_touched(target, data):
    import random

    states = [random.getstate(), str(np.random.get_state())]  # noqa: NPY002
    found = []
    for seed in (4, 4, 5):
        net = regular(target.backend(), seed)
        fit(net, [target.give(one) for one in data], **EVERYTHING)
        found.append(np.concatenate([parameters(net), parameters(net.averaged())]))
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    assert states == [random.getstate(), str(np.random.get_state())]  # noqa: NPY002


def test_the_random_state_of_pytorch_is_untouched(torch, data):
    before = torch.random.get_rng_state()
    fitted(data, network=lambda _: regular("torch"), **EVERYTHING)
    assert torch.equal(torch.random.get_rng_state(), before)


# ------------------------------------------------------------------ norms that cannot be squared


def moved(net, before):
    return np.linalg.norm(parameters(net).astype("float64") - before)


@pytest.mark.parametrize("bound", [1e-3, 1.0, 50.0])
@pytest.mark.parametrize("size", [1e-12, 1e-3, 1.0, 1e6, 1e10, 1e13])
def test_gradients_of_any_size_are_clipped_to_the_bound(target, size, bound):
    """Of 2e19 the square is infinite in float32, and a gradient of length 0 was what came out."""
    rng = np.random.default_rng(0)
    x = size * rng.standard_normal((40, 4))
    net = bpnet.Network(
        [4, 1], activations=["identity"], initializer="zeros", backend=target.backend("float32")
    )
    y = x.sum(axis=1, keepdims=True)
    gradient = np.concatenate([(x * -y).mean(axis=0), -y.mean(axis=0)])
    net.fit(
        target.give(x, "float32"),
        target.give(y, "float32"),
        epochs=1,
        batch_size=40,
        optimizer=bpnet.SGD(1.0),
        clip_norm=bound,
    )
    length = np.linalg.norm(gradient)
    expected = -gradient * min(1.0, bound / length)
    assert relative(parameters(net), expected) < 1e-5


@pytest.mark.parametrize("size", [1e-12, 1.0, 2e19, 1e28])
def test_weights_of_any_size_are_shortened_to_the_bound(target, size):
    net = bpnet.Network([3, 2, 1], seed=0, backend=target.backend("float32"))
    first = size * np.asarray([[1.0, 2.0, -2.0], [0.0, 0.0, 1e-3]])
    net.set_parameters([first, [[0.0, 0.0]]], [[0.0] * 2, [0.0]])
    x, y = target.give(np.zeros((2, 3)), "float32"), target.give(np.zeros((2, 1)), "float32")
    net.step(x, y, optimizer=bpnet.SGD(0.0), max_norm=0.5)
    norms = np.linalg.norm(first, axis=1, keepdims=True)
    expected = first * np.minimum(1.0, 0.5 / norms)
    assert relative(host(net, net.weights[0]), expected) < 1e-6


@pytest.mark.parametrize("what", ["clip_norm", "max_norm"])
def test_a_norm_that_is_no_number_is_told(what):
    net = bpnet.Network([1, 1], activations=["identity"], initializer="zeros")
    if what == "max_norm":
        net.set_parameters([[[1e37]]], [[0.0]])
    before = parameters(net)
    x, y = ([[1e17]], [[-1e18]]) if what == "clip_norm" else ([[0.0]], [[0.0]])
    with pytest.raises(bpnet.DivergenceError, match="a parameter became infinite"):
        net.fit(x, y, epochs=1, batch_size=1, optimizer=bpnet.SGD(0.1), **{what: 1e-3})
    assert np.array_equal(parameters(net), before)
