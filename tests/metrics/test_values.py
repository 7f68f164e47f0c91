"""Figures on random, tied, one-column and missing-class data, against scikit-learn's."""

import warnings

import numpy as np
import pytest
from _figures import classified, one_hot

from bpnet import metrics

KINDS = ["random", "tied", "missing", "unbalanced", "sure"]
REGRESSION = ("r2", "mae", "rmse")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", KINDS)
def test_figures_of_several_classes_are_scikit_learns(sk, kind, seed):
    labels, a = classified(kind, seed)
    y, predicted, names = one_hot(labels, 4), a.argmax(axis=1), np.arange(4)
    there = [k for k in names if 0 < (labels == k).sum() < len(labels)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that are predicted only
        expected = {
            "accuracy": sk.accuracy_score(labels, predicted),
            "balanced_accuracy": sk.balanced_accuracy_score(labels, predicted),
            "f1": sk.f1_score(labels, predicted, average="macro"),
            "f1_micro": sk.f1_score(labels, predicted, average="micro"),
            "f1_weighted": sk.f1_score(labels, predicted, average="weighted"),
            "log_loss": sk.log_loss(labels, a, labels=names),
            "auc": np.mean([sk.roc_auc_score(labels == k, a[:, k]) for k in there]),
            **{
                f"top_{k}_accuracy": sk.top_k_accuracy_score(labels, a, k=k, labels=names)
                for k in (1, 2, 3)
            },
        }
    found = {name: metrics.get(name)(y, a) for name in expected}
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)
    if kind in ("random", "tied"):
        whole = sk.roc_auc_score(labels, a, multi_class="ovr", average="macro")
        assert found["auc"] == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["random", "tied", "rare", "sure"])
def test_figures_of_one_output_are_scikit_learns(sk, kind, seed):
    rng = np.random.default_rng(seed)
    labels, a = rng.integers(0, 2, 50), rng.uniform(0, 1, 50)
    if kind == "tied":
        a = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], 50)  # a half itself is no yes
    if kind == "rare":
        labels[:] = np.arange(50) == 7
    if kind == "sure":
        a = np.round(a)
    predicted = a > 0.5
    expected = {
        "accuracy": sk.accuracy_score(labels, predicted),
        "balanced_accuracy": sk.balanced_accuracy_score(labels, predicted),
        "auc": sk.roc_auc_score(labels, a),
        "log_loss": sk.log_loss(labels, a),
        "top_1_accuracy": sk.top_k_accuracy_score(labels, a, k=1),
        "f1": sk.f1_score(labels, predicted, average="macro"),
        "f1_micro": sk.f1_score(labels, predicted, average="micro"),
        "f1_weighted": sk.f1_score(labels, predicted, average="weighted"),
        "f1_binary": sk.f1_score(labels, predicted),
    }
    found = {name: metrics.get(name)(labels[:, None], a[:, None]) for name in expected}
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)
    two = np.stack([1 - a, a], axis=1)
    also = {k: metrics.get(k)(one_hot(labels, 2), two) for k in expected if k != "top_1_accuracy"}
    assert also == pytest.approx({k: expected[k] for k in also}, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("constant", [False, True])
def test_figures_of_regression_are_scikit_learns(sk, outputs, seed, constant):
    rng = np.random.default_rng(seed)
    y, a = rng.standard_normal((2, 40, outputs)) + 100.0
    if constant:
        y[:, -1] = 0.5
    expected = {
        "r2": sk.r2_score(y, a),
        "mae": sk.mean_absolute_error(y, a),
        "rmse": sk.root_mean_squared_error(y, a),
    }
    found = {name: metrics.get(name)(y, a) for name in REGRESSION}
    assert found == pytest.approx(expected, rel=1e-12)


def test_float32_outputs_are_summed_in_float64():
    rng = np.random.default_rng(0)
    y, a = rng.standard_normal((2, 10_000, 1)).astype("float32") + 1000
    for name in REGRESSION:
        metric = metrics.get(name)
        assert metric(y, a) == pytest.approx(metric(y.astype(float), a.astype(float)), rel=1e-13)
