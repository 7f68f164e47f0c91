"""Weights of samples and of classes."""

import numpy as np
import pytest
from _backends import parameters, relative
from training._fits import SIZE, N, classifier, fit, fitted

import bpnet
from bpnet import Layer
from bpnet.randomness import epoch_order


def stacked(backend=None):
    layers = [4, Layer(6, normalization="layer"), Layer(6, residual=True), 3]
    return bpnet.Network(layers, cost="log_likelihood", backend=backend, seed=4, dtype="float64")


FULL = {"batch_size": 10**6, "epochs": 4}


@pytest.mark.parametrize("network", [classifier, stacked])
@pytest.mark.parametrize("optimizer", [bpnet.SGD(0.5), bpnet.Adam(0.05)], ids=["sgd", "adam"])
def test_a_weight_of_two_is_the_sample_twice(target, data, network, optimizer):
    x, y = data
    times = np.random.default_rng(5).integers(0, 4, N)  # and one of zero is its absence
    options = {"network": network, "optimizer": optimizer, "l2": 0.01, **FULL}
    twice = np.repeat(x, times, axis=0), np.repeat(y, times)
    expected, judged = fitted(twice, target, **options)
    found, history = fitted(data, target, sample_weight=times, **options)
    assert relative(found, expected) < 1e-12
    assert history["train_cost"] == pytest.approx(judged["train_cost"], rel=1e-12)


def test_weights_of_regression_and_of_one_output():
    rng = np.random.default_rng(0)
    x, times = rng.standard_normal((N, 4)), rng.integers(1, 4, N)
    for y, cost, n in (
        (rng.standard_normal((N, 2)), "huber", 2),
        (rng.integers(0, 2, N), "cross_entropy", 1),
    ):
        found = []
        for given, weight in (((x, y), times), ((x.repeat(times, 0), y.repeat(times, 0)), None)):
            net = bpnet.Network([4, 5, n], cost=cost, dtype="float64", seed=0)
            fit(net, given, sample_weight=weight, **FULL)
            found.append(parameters(net))
        assert relative(*found) < 1e-12


@pytest.mark.parametrize("factor", [1.0, 1e-12, 1e12])
def test_only_proportions_of_weights_count(data, factor):
    weights = np.random.default_rng(3).uniform(0.5, 3, N)
    found, history = fitted(data, sample_weight=factor * weights)
    expected, judged = fitted(data, sample_weight=weights)
    assert relative(found, expected) < 1e-12
    assert history["train_cost"] == pytest.approx(judged["train_cost"], rel=1e-12)
    assert relative(fitted(data, sample_weight=np.full(N, factor))[0], fitted(data)[0]) < 1e-12


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_batch_without_weight_moves_nothing(data, dtype):
    weights = np.ones(N)
    weights[epoch_order(4, 0, N)[:SIZE]] = 0.0
    net = classifier(dtype=dtype)
    seen = [parameters(net)]

    class Look(bpnet.Callback):
        def on_fit_begin(self, fit):
            fit.limit_block(1)

        def on_steps(self, fit, steps):
            seen.append(fit.snapshot().arrays["state.theta"])

    fit(net, data, epochs=1, sample_weight=weights, callbacks=[Look()])
    assert np.array_equal(seen[0], seen[1])
    assert np.isfinite(seen[-1]).all()
    assert not np.array_equal(seen[1], seen[2])


def test_weights_may_come_in_the_networks_library(target, data):
    weights = np.random.default_rng(3).uniform(0, 3, N)
    expected, _ = fitted(data, target, sample_weight=weights)
    for given in (target.give(weights), list(weights)):
        assert np.array_equal(fitted(data, target, sample_weight=given)[0], expected)


def test_weights_of_another_library_raise(torch, data):
    with pytest.raises(TypeError, match=r"sample_weight is an array of torch.*numpy"):
        fit(classifier(), data, sample_weight=torch.ones(N))


def test_class_weights_equal_those_of_pytorch(torch, transcription, target, data):
    weights = torch.tensor([0.5, 1.0, 3.0], dtype=torch.float64)

    def loss(z, y, rows):
        return torch.nn.functional.cross_entropy(z, y, weight=weights)

    expected = transcription.train(data, loss=loss)
    given = {0: 0.5, np.int64(2): 3.0}  # a class that is not named has a weight of 1
    assert relative(fitted(data, target, class_weight=given)[0], expected) < 1e-12


def test_balanced_classes_are_those_of_scikit_learn(data):
    tools = pytest.importorskip(
        "sklearn.utils.class_weight", reason="scikit-learn is not installed"
    )
    x, y = data
    y = np.where(y == 1, 0, y)  # a class that is absent counts nowhere
    weights = tools.compute_class_weight("balanced", classes=np.unique(y), y=y)
    named = dict(zip(np.unique(y).tolist(), weights, strict=True))
    own = np.random.default_rng(3).uniform(0, 3, N)
    for extra in (None, own):
        found, _ = fitted((x, y), class_weight="balanced", sample_weight=extra)
        for given in (
            {"class_weight": named, "sample_weight": extra},
            {"sample_weight": tools.compute_sample_weight("balanced", y) * (1 if extra is None
                                                                            else extra)},
        ):  # fmt: skip
            assert relative(found, fitted((x, y), **given)[0]) < 1e-12
    assert relative(found, fitted((x, y), sample_weight=own)[0]) > 1e-3


def test_balanced_classes_of_one_output_and_of_rows():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((N, 4)), (rng.uniform(size=N) < 0.2).astype(int)
    weights = np.where(y == 1, N / (2 * y.sum()), N / (2 * (N - y.sum())))
    for targets, n, cost in ((y, 1, "cross_entropy"), (np.eye(2)[y], 2, "log_likelihood")):
        found = []
        for options in ({"class_weight": "balanced"}, {"sample_weight": weights}):
            net = bpnet.Network([4, 5, n], cost=cost, dtype="float64", seed=0)
            fit(net, (x, targets), **options)
            found.append(parameters(net))
        assert relative(*found) < 1e-12


class Costs(bpnet.Callback):
    """The mean cost of each mini-batch of a fit."""

    def __init__(self):
        self.seen = []

    def on_steps(self, fit, steps):
        self.seen.extend(fit.costs().tolist())


@pytest.mark.parametrize("accumulate", [1, 3])
def test_costs_of_a_fit_are_weighted_means(target, data, accumulate):
    x, y = data
    weights = np.random.default_rng(3).uniform(0, 30, N)
    net, costs = classifier(target.backend()), Costs()
    history = fit(
        net,
        [target.give(one) for one in data],
        optimizer=bpnet.SGD(0.0),
        epochs=1,
        sample_weight=weights,
        accumulate=accumulate,
        callbacks=[costs],
    )
    judge = classifier()
    each = np.asarray([judge.total_cost(x[k : k + 1], y[k : k + 1]) for k in range(N)])
    order = epoch_order(4, 0, N)
    parts = [order[k : k + SIZE] for k in range(0, N, SIZE)]  # 10, 10 and 5
    expected = [np.average(each[rows], weights=weights[rows]) for rows in parts]
    assert costs.seen == pytest.approx(expected, rel=1e-12)
    assert history["train_cost"] == pytest.approx([np.average(each, weights=weights)], rel=1e-12)
    rows = parts[0]
    alone = judge.step(x[rows], y[rows], optimizer=bpnet.SGD(0.0), sample_weight=weights[rows])
    assert costs.seen[0] == pytest.approx(alone, rel=1e-12)


def test_the_mean_cost_of_a_batch_without_weight_is_nan(data):
    weights = np.ones(N)
    weights[epoch_order(4, 0, N)[:SIZE]] = 0.0
    costs = Costs()
    fit(classifier(), data, epochs=1, sample_weight=weights, callbacks=[costs])
    assert np.isnan(costs.seen).tolist() == [True, False, False]


def test_the_range_test_leaves_batches_without_weight_out(data):
    weights = np.zeros(N)
    weights[epoch_order(4, 0, N)[:SIZE]] = 1.0
    test = bpnet.find_learning_rate(
        classifier(), *data, batch_size=SIZE, sample_weight=weights, steps=12, high=1e-3
    )
    assert np.isfinite(test.costs).all()
    assert np.isfinite(test.smoothed).all()
    assert 4 <= len(test.rates) < 12
    assert test.rates[0] == pytest.approx(1e-6)


def test_costs_outside_of_a_block_of_steps_raise(data):
    net = classifier()
    with net.fitting(*data, epochs=1, batch_size=SIZE) as fit:
        with pytest.raises(RuntimeError, match="ask in on_steps"):
            fit.costs()
        fit.epoch()
        with pytest.raises(RuntimeError, match="ask in on_steps"):
            fit.costs()


@pytest.mark.parametrize("size", [1e-300, 1e300, 1e308])
@pytest.mark.parametrize("class_weight", [None, {0: 1e300, 1: 1e300, 2: 1e300}])
def test_weights_of_any_size_count_by_their_proportions(data, size, class_weight):
    weights = np.random.default_rng(3).uniform(0.5, 1.5, N)
    found, _ = fitted(data, sample_weight=size * weights, class_weight=class_weight)
    assert relative(found, fitted(data, sample_weight=weights)[0]) < 1e-12
