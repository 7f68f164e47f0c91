"""Figures of rows that come in blocks: scikit-learn's of all rows, to rounding."""

import itertools

import numpy as np
import pytest
from sklearn import metrics

import bpnet
from bpnet.tabular.outputs import Outputs
from bpnet.tabular.tallies import figures, tally_for

RNG = np.random.default_rng(0)
M = 500
WEIGHTS = {
    "none": None,
    "fractions": RNG.uniform(0.1, 3.0, M),
    "counts": RNG.integers(0, 4, M),
}


def in_blocks(task, truth, outputs, weights, classes=0, cuts=(0, 1, 130, M)):
    tally = tally_for(task, classes)
    for start, stop in itertools.pairwise(cuts):
        p = outputs.probabilities
        block = Outputs(outputs.predicted[start:stop], None if p is None else p[start:stop])
        w = None if weights is None else weights[start:stop]
        tally.add(truth[start:stop], block, w)
    assert tally.rows == M
    return tally.figures()


def close(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-12, abs=1e-14), name


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("classes", [2, 3, 12])
def test_of_classes(classes, weights):
    p = RNG.dirichlet(np.ones(classes), M)
    truth = np.where(RNG.random(M) < 0.5, p.argmax(axis=1), RNG.integers(0, classes, M))
    outputs = Outputs(p.argmax(axis=1), p)
    known = {"sample_weight": weights}
    expected = {
        "accuracy": metrics.accuracy_score(truth, outputs.predicted, **known),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, outputs.predicted, **known),
        "log_loss": metrics.log_loss(truth, p, labels=range(classes), **known),
    }
    close(figures("classification", truth, outputs, weights), expected)
    close(in_blocks("classification", truth, outputs, weights, classes), expected)


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
def test_of_numbers(weights):
    y = 20.0 + RNG.normal(size=M)
    predicted = y + RNG.normal(size=M)
    known = {"sample_weight": weights}
    expected = {
        "r2": metrics.r2_score(y, predicted, **known),
        "rmse": metrics.root_mean_squared_error(y, predicted, **known),
        "mae": metrics.mean_absolute_error(y, predicted, **known),
    }
    close(figures("regression", y, Outputs(predicted), weights), expected)
    close(in_blocks("regression", y, Outputs(predicted), weights), expected)


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
def test_of_labels(weights):
    p = RNG.random((M, 4))
    truth = (RNG.random((M, 4)) < 0.5 * p + 0.2).astype(int)
    said = (p > 0.5).astype(int)
    known = {"sample_weight": weights}
    each = [metrics.log_loss(truth[:, k], p[:, k], labels=[0, 1], **known) for k in range(4)]
    w = np.ones(M) if weights is None else weights
    expected = {
        "accuracy": metrics.accuracy_score(truth, said, **known),
        "label_accuracy": np.average((truth == said).mean(axis=1), weights=w),
        "f1": metrics.f1_score(truth, said, average="macro", **known),
        "log_loss": np.mean(each),
    }
    close(figures("multilabel", truth, Outputs(said, p), weights), expected)
    close(in_blocks("multilabel", truth, Outputs(said, p), weights, 4), expected)


def test_they_are_those_of_the_metrics_of_bpnet():
    p = RNG.dirichlet(np.ones(3), M)
    truth = RNG.integers(0, 3, M)
    found = figures("classification", truth, Outputs(p.argmax(axis=1), p))
    for name, value in found.items():
        assert value == pytest.approx(bpnet.metrics.get(name)(truth, p), rel=1e-12)
    y, a = RNG.normal(size=(2, M))
    for name, value in figures("regression", y, Outputs(a)).items():
        assert value == pytest.approx(bpnet.metrics.get(name)(y, a), rel=1e-12)
    y, p = (RNG.random((2, M, 3)) > 0.4) * 1.0
    found = figures("multilabel", y, Outputs(p.astype(int), 0.9 * p))
    for name in ("accuracy", "f1"):
        assert found[name] == pytest.approx(bpnet.metrics.get(name)(y, p), rel=1e-12)


def test_a_class_that_the_network_does_not_know_is_wrong_and_has_no_loss():
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.6, 0.4]])
    truth = np.array([0, 1, 2, 3])
    found = figures("classification", truth, Outputs(p.argmax(axis=1), p))
    assert found["accuracy"] == 0.5
    assert found["balanced_accuracy"] == 0.5  # 1, 1, 0 and 0 of four classes
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.8]).mean())


def test_what_is_not_defined_is_none():
    p = np.array([[1.5, -0.5]])
    found = figures("classification", np.array([0]), Outputs(p.argmax(axis=1), p))
    assert found == {"accuracy": 1.0, "balanced_accuracy": 1.0, "log_loss": None}
    assert set(tally_for("classification", 3).figures().values()) == {None}
    assert set(tally_for("multilabel", 3).figures().values()) == {None}
    assert set(tally_for("regression", 0).figures().values()) == {None}
    weights = np.zeros(1)
    assert set(figures("regression", np.ones(1), Outputs(np.ones(1)), weights).values()) == {None}
    with np.errstate(over="ignore", invalid="ignore"):
        found = figures("regression", np.array([0.0, 1.0]), Outputs(np.array([1e300, np.nan])))
    assert set(found.values()) == {None}


def test_probabilities_of_several_sigmoids_are_divided_by_their_sum():
    p = np.array([[0.8, 0.4], [0.1, 0.3]])
    found = figures("classification", np.array([0, 1]), Outputs(p.argmax(axis=1), p))
    assert found["log_loss"] == pytest.approx(-np.log([2 / 3, 3 / 4]).mean())
