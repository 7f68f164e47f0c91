"""Figures of the history against those of a network between epochs, and R^2."""

import numpy as np
import pytest
from _backends import parameters, relative
from training._fits import N, batches, classifier, fit, step

import bpnet


def test_training_figures_are_means_over_samples_of_the_epochs_own_batches(data):
    (x, y), net, twin = data, classifier(), classifier()
    cost, right = 0.0, 0
    for rows in batches(twin):
        assert len(rows) in (10, 5)
        cost += twin.total_cost(x[rows], y[rows]) * len(rows)
        right += int((twin.predict(x[rows]) == y[rows]).sum())
        step(twin, x[rows], y[rows])
    history = fit(net, data, epochs=1)
    assert history["train_cost"] == pytest.approx([cost / N], rel=1e-13)
    assert history["train_accuracy"] == [right / N]
    assert relative(parameters(net), parameters(twin)) < 1e-13


def test_training_r2_is_of_the_epochs_own_predictions():
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((N, 4)), rng.standard_normal((N, 2))
    net, twin = (bpnet.Network([4, 3, 2], cost="huber", dtype="float64", seed=1) for _ in range(2))
    predicted = np.empty_like(y)
    for rows in batches(twin):
        predicted[rows] = twin.predict(x[rows])
        step(twin, x[rows], y[rows])
    unexplained = ((y - predicted) ** 2).sum(axis=0) / ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    history = fit(net, (x, y), epochs=1)
    assert history["train_r2"] == pytest.approx([1 - unexplained.mean()], rel=1e-12)


def test_evaluate_training_judges_after_the_epoch(target, data):
    net = classifier(target.backend())

    class Judge(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            assert row["train_cost"] == pytest.approx(fit.net.total_cost(*data), rel=1e-14)
            assert row["train_accuracy"] == fit.net.accuracy(*data)

    history = fit(net, data, evaluate_training=True, callbacks=[Judge()])
    assert len(history) == 3


def test_validation_is_judged_after_each_epoch(target, data, unseen):
    net = classifier(target.backend())

    class Judge(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            cost = fit.net.total_cost(*unseen)
            assert row["validation_cost"] == pytest.approx(cost, rel=1e-14)
            assert row["validation_accuracy"] == fit.net.accuracy(*unseen)

    given = tuple(target.give(part) for part in unseen)
    assert len(fit(net, data, validation=given, callbacks=[Judge()])) == 3


def test_evaluation_in_parts_is_evaluation_at_once(data, monkeypatch):
    net = classifier()
    whole = net.total_cost(*data), net.accuracy(*data)
    monkeypatch.setattr("bpnet.training.runs._CHUNK", 42)  # seven rows at a time
    net = net.copy()
    assert (net.total_cost(*data), net.accuracy(*data)) == pytest.approx(whole, rel=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_r2_is_scikit_learns(outputs, dtype):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((40, 4)), rng.standard_normal((40, outputs)) + 100.0
    net = bpnet.Network([4, 5, outputs], cost="huber", dtype=dtype, seed=0)
    history = net.fit(x, y, epochs=4, batch_size=10, validation=(x[:7], y[:7]))
    expected = metrics.r2_score(y[:7], net.predict(x[:7]))
    assert history["validation_r2"][-1] == pytest.approx(
        expected, rel=1e-10 if dtype == "float64" else 1e-3
    )


@pytest.mark.parametrize("value", [0.0, 0.1, 1.0, 1234.567])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_r2_of_a_constant_target_is_zero_or_one_by_scikit_learns_rule(value, dtype):
    """Zero where it is missed, one where it is met, and never a quotient of roundings."""
    x, y = np.linspace(-1, 1, 7)[:, None], np.full((7, 1), value)
    net = bpnet.Network([1, 1], activations=["identity"], dtype=dtype, initializer="zeros")
    options = {"epochs": 1, "batch_size": 7, "optimizer": bpnet.SGD(0.0), "validation": (x, y)}
    net.set_parameters([[[1.0]]], [[value]])
    missed = net.fit(x, y, **options)
    assert (missed["validation_r2"], missed["train_r2"]) == ([0.0], [0.0])
    net.set_parameters([[[0.0]]], [[value]])
    met = net.fit(x, y, **options)
    assert (met["validation_r2"], met["train_r2"]) == ([1.0], [1.0])


def test_r2_of_one_constant_output_among_others():
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((9, 2)), rng.standard_normal((9, 2))
    y[:, 1] = 0.5
    net = bpnet.Network([2, 3, 2], cost="huber", dtype="float64", seed=0)
    history = net.fit(x, y, epochs=1, batch_size=3, validation=(x, y))
    assert history["validation_r2"] == pytest.approx([metrics.r2_score(y, net.predict(x))])
