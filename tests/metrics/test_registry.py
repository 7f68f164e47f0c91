"""Metrics by name, their settings, and what they are for."""

import functools

import numpy as np
import pytest

from bpnet import metrics

CLASSIFICATION = ("accuracy", "balanced_accuracy", "f1", "auc", "log_loss", "top_2_accuracy")
REGRESSION = ("r2", "mae", "rmse")


@pytest.mark.parametrize("name", [*CLASSIFICATION, *REGRESSION])
@pytest.mark.parametrize(
    ("y", "a", "words"),
    [
        (np.ones((3, 4)), np.ones((2, 4)), r"not \(3, 4\) and \(2, 4\)"),
        (np.ones(3), np.ones(2), r"one shape \(m, n_L\) or \(m,\), not \(3,\) and \(2,\)"),
        (np.ones((0, 4)), np.ones((0, 4)), r"needs at least one sample, y has shape \(0, 4\)"),
        (np.ones((3, 4)), np.full((3, 4), np.nan), "row 0, column 0 of a is nan"),
        (np.full((3, 4), np.inf), np.ones((3, 4)), "row 0, column 0 of y is inf"),
    ],
)
def test_what_is_wrong_is_told(name, y, a, words):
    with pytest.raises(ValueError, match=f"^{name} .*{words}"):
        metrics.get(name)(y, a)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: metrics.TopKAccuracy(0), ValueError, "k must be at least 1, not 0"),
        (lambda: metrics.TopKAccuracy(1.5), TypeError, "k must be an integer, not 1.5"),
        (lambda: metrics.F1("mean"), ValueError, "unknown average 'mean'"),
        (lambda: metrics.F1("binari"), ValueError, "did you mean 'binary'"),
        (lambda: metrics.get("acuracy"), ValueError, "unknown metric 'acuracy': did you mean"),
        (lambda: metrics.get("top_0_accuracy"), ValueError, "k must be at least 1, not 0"),
        (lambda: metrics.get(3), TypeError, "a metric must be a name or a function .*, not 3"),
        (lambda: metrics.get(lambda y, a: 0.0), ValueError, r"CustomMetric\(function, name="),
        (
            lambda: metrics.get(functools.partial(max, key=len)),
            ValueError,
            "has no name for the columns of a history",
        ),
        (
            lambda: metrics.CustomMetric(max, name="cost"),
            ValueError,
            "'cost' is that of one of bpnet's own",
        ),
        (
            lambda: metrics.CustomMetric(max, name="top_7_accuracy"),
            ValueError,
            "'top_7_accuracy' is that of one of",
        ),
        (lambda: metrics.CustomMetric(3), TypeError, r"must be a function of \(y, a\), not 3"),
        (lambda: metrics.CustomMetric(max, task="classify"), ValueError, "unknown task 'classify'"),
        (lambda: metrics.get_all(3), TypeError, "a list of names or functions, not 3"),
        (lambda: metrics.get_all(None), TypeError, "a list of names or functions, not None"),
        (
            lambda: metrics.get_all(["f1", metrics.F1()]),
            ValueError,
            "2 of the metrics are called 'f1'",
        ),
    ],
)
def test_settings_out_of_range(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_metrics_know_what_they_are_for():
    for name in CLASSIFICATION:
        metrics.get(name).check("classification", 4)
        with pytest.raises(ValueError, match=f"{name} is for classification, and the task is reg"):
            metrics.get(name).check("regression", 4)
    for name in REGRESSION:
        metrics.get(name).check("regression", 1)
        with pytest.raises(ValueError, match=f"{name} is for regression, and the task is class"):
            metrics.get(name).check("classification", 1)
    with pytest.raises(ValueError, match="f1_binary is for two classes, the network has 3"):
        metrics.F1("binary").check("classification", 3)
    with pytest.raises(ValueError, match="top_5_accuracy needs more than 5 classes"):
        metrics.TopKAccuracy().check("classification", 5)


def test_every_metric_is_found_by_its_name():
    for name in (*CLASSIFICATION, *REGRESSION, "f1_micro", "f1_weighted", "f1_binary"):
        metric = metrics.get(name)
        assert metric.name == name
        assert metrics.get(metric) is metric
        assert metrics.get(type(metric)) == type(metric)()
    assert metrics.get("f1_macro") == metrics.get("f1") == metrics.F1()
    assert metrics.get("top_17_accuracy") == metrics.TopKAccuracy(17)


def test_which_way_is_better():
    lower = {name for name in (*CLASSIFICATION, *REGRESSION) if metrics.get(name).lower_is_better}
    assert lower == {"log_loss", "mae", "rmse"}
