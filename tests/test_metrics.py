"""Metrics: scikit-learn's figures on random, tied, one-column and missing-class data."""

import functools
import math
import re
import warnings

import numpy as np
import pytest

import bpnet
from bpnet import metrics

CLASSIFICATION = ("accuracy", "balanced_accuracy", "f1", "auc", "log_loss", "top_2_accuracy")
REGRESSION = ("r2", "mae", "rmse")


@pytest.fixture(scope="module")
def sk():
    return pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def classified(kind, seed, m=60, classes=4):
    """Labels and rows of probabilities."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, m)
    if kind == "missing":  # class 2 is in the targets nowhere, but may be predicted
        labels[labels == 2] = 0
    if kind == "unbalanced":
        labels[: m - 9] = 0
    a = rng.dirichlet(np.ones(classes), m)
    if kind == "tied":
        a = rng.choice([0.0, 0.25, 0.25, 0.5], (m, classes)) + 1e-3
        a /= a.sum(axis=1, keepdims=True)
        a = np.round(a, 2)
        a[:, 0] += 1 - a.sum(axis=1)
        a = np.clip(a, 0, 1)
    if kind == "sure":  # zeros and ones, some of them wrong
        a = one_hot(rng.integers(0, classes, m), classes)
    return labels, a


KINDS = ["random", "tied", "missing", "unbalanced", "sure"]


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


def test_r2_of_constant_targets_is_one_where_met_and_zero_where_not():
    y = np.full((5, 1), 0.1)
    assert metrics.R2()(y, y) == 1.0
    assert metrics.R2()(y, y + 1) == 0.0
    assert metrics.R2()(y[:1], y[:1]) == 1.0
    assert metrics.R2()(y[:1], y[:1] + 1) == 0.0


def test_the_machine_precision_of_the_outputs_bounds_the_log_loss(sk):
    y = np.asarray([[1.0, 0.0], [0.0, 1.0]])
    for dtype, rel in (("float64", 1e-12), ("float32", 1e-5)):
        a = np.asarray([[0.0, 1.0], [0.0, 1.0]], dtype=dtype)
        assert metrics.LogLoss()(y, a) == pytest.approx(sk.log_loss([0, 1], a), rel=rel)


def test_log_loss_takes_probabilities_as_targets():
    y, a = np.asarray([[0.3, 0.7], [0.9, 0.1]]), np.asarray([[0.2, 0.8], [0.6, 0.4]])
    expected = -(y * np.log(a)).sum(axis=1).mean()
    assert metrics.LogLoss()(y, a) == pytest.approx(expected, rel=1e-12)
    assert metrics.LogLoss()(y[:, 1:], a[:, 1:]) == pytest.approx(expected, rel=1e-12)


def test_log_loss_divides_rows_of_separate_sigmoids_by_their_sum():
    y, a = np.eye(3), np.asarray([[0.9, 0.6, 0.3], [0.2, 0.2, 0.1], [0.0, 0.0, 0.0]])
    expected = -np.mean([math.log(0.5), math.log(0.4), math.log(1 / 3)])
    assert metrics.LogLoss()(y, a) == pytest.approx(expected, rel=1e-12)


def test_float32_outputs_are_summed_in_float64():
    rng = np.random.default_rng(0)
    y, a = rng.standard_normal((2, 10_000, 1)).astype("float32") + 1000
    for name in REGRESSION:
        metric = metrics.get(name)
        assert metric(y, a) == pytest.approx(metric(y.astype(float), a.astype(float)), rel=1e-13)


# ------------------------------------------------------------------ where scikit-learn warns


def test_auc_leaves_out_classes_that_are_missing():
    labels, a = classified("missing", 0)
    three = [k for k in range(4) if k != 2]
    y = one_hot(labels, 4)
    expected = np.mean([metrics.AUC()(y[:, [k]], a[:, [k]]) for k in three])
    assert metrics.AUC()(y, a) == pytest.approx(expected, rel=1e-14)


def test_auc_of_a_single_class_raises():
    a = np.asarray([[0.1], [0.9]])
    with pytest.raises(ValueError, match="samples of two classes, all 2 of y are of class 1"):
        metrics.AUC()(np.ones((2, 1)), a)
    with pytest.raises(ValueError, match="all 2 of y are of class 0"):
        metrics.AUC()(one_hot([0, 0], 3), np.full((2, 3), 0.3))


def test_auc_judges_several_labels_of_a_sample_each_by_itself(sk):
    rng = np.random.default_rng(0)
    y, a = rng.integers(0, 2, (30, 3)), rng.uniform(0, 1, (30, 3))
    assert metrics.AUC()(y, a) == pytest.approx(sk.roc_auc_score(y, a), rel=1e-12)


def test_auc_of_smoothed_targets_is_that_of_their_classes():
    labels, a = classified("random", 1)
    y = one_hot(labels, 4)
    assert metrics.AUC()(0.9 * y + 0.025, a) == metrics.AUC()(y, a)


def test_f1_of_class_one_is_zero_where_there_is_none():
    y, a = np.zeros((3, 1)), np.full((3, 1), 0.2)
    assert metrics.F1("binary")(y, a) == 0.0
    assert metrics.F1()(y, a) == 1.0


def test_balanced_accuracy_counts_classes_with_samples():
    y, a = one_hot([0, 0, 1], 3), one_hot([0, 2, 1], 3)
    assert metrics.BalancedAccuracy()(y, a) == 0.75


def test_all_classes_are_no_top_k():
    y, a = one_hot([0, 1], 3), np.full((2, 3), 1 / 3)
    with pytest.raises(ValueError, match="top_3_accuracy is of more than 3 classes, the network"):
        metrics.TopKAccuracy(3)(y, a)
    with pytest.raises(ValueError, match=r"top_2_accuracy is of more than 2 classes, the .* has 2"):
        metrics.TopKAccuracy(2)(y[:, :1], a[:, :1])


# ------------------------------------------------------------------ errors


@pytest.mark.parametrize("name", [*CLASSIFICATION, *REGRESSION])
@pytest.mark.parametrize(
    ("y", "a", "words"),
    [
        (np.ones((3, 4)), np.ones((2, 4)), r"not \(3, 4\) and \(2, 4\)"),
        (np.ones(3), np.ones(3), r"one shape \(m, n_L\), not \(3,\) and \(3,\)"),
        (np.ones((0, 4)), np.ones((0, 4)), r"needs at least one sample, y has shape \(0, 4\)"),
        (np.ones((3, 4)), np.full((3, 4), np.nan), "row 0, column 0 of a is nan"),
        (np.full((3, 4), np.inf), np.ones((3, 4)), "row 0, column 0 of y is inf"),
    ],
)
def test_what_is_wrong_is_told(name, y, a, words):
    with pytest.raises(ValueError, match=f"^{name} .*{words}"):
        metrics.get(name)(y, a)


def test_what_log_loss_does_not_take():
    with pytest.raises(ValueError, match="outputs from 0 to 1, they go from -1 to 2"):
        metrics.LogLoss()([[1], [0]], [[-1.0], [2.0]])
    with pytest.raises(ValueError, match="row 1 of y sums to 2"):
        metrics.LogLoss()([[1, 0], [1, 1]], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(ValueError, match="targets from 0 to 1, they go from 0 to 3"):
        metrics.LogLoss()([[3], [0]], [[0.5], [0.5]])


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
        (lambda: metrics.get_all("auc"), TypeError, "a list of names or functions, not 'auc'"),
        (lambda: metrics.get_all(max), TypeError, "a list of names or functions, not"),
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
    with pytest.raises(ValueError, match="f1_binary is of two classes, the network has 3"):
        metrics.F1("binary").check("classification", 3)
    with pytest.raises(ValueError, match="top_5_accuracy is of more than 5 classes"):
        metrics.TopKAccuracy().check("classification", 5)


# ------------------------------------------------------------------ names, and one's own


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


def test_a_function_becomes_a_metric():
    def spread_error(y, a):
        return np.ptp(a - y)

    metric = metrics.get(spread_error)
    assert (metric.name, metric.lower_is_better, metric.task) == ("spread_error", True, None)
    assert metric([[1.0], [2.0]], [[1.0], [3.0]]) == 1.0
    other = metrics.CustomMetric(spread_error, name="spread", lower_is_better=False)
    assert (other.name, other.lower_is_better) == ("spread", False)
    assert metric == metrics.get(spread_error)
    assert metric != other


def test_scikit_learns_own_functions_will_do(sk):
    metric = metrics.get(sk.median_absolute_error)
    assert (metric.name, metric.lower_is_better) == ("median_absolute_error", True)
    assert metric([[1.0], [2.0]], [[1.0], [4.0]]) == 1.0
    assert metrics.get(sk.explained_variance_score).lower_is_better is False


def test_a_function_must_return_a_number():
    def none(y, a):
        pass

    with pytest.raises(TypeError, match="the metric 'none' must return a number, not None"):
        metrics.get(none)([[1.0]], [[1.0]])


# ------------------------------------------------------------------ in a fit


def test_metrics_in_a_fit_are_columns_of_the_history():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 4)), rng.integers(0, 3, 40)
    net = bpnet.Network([4, 5, 3], cost="log_likelihood", dtype="float64", seed=0)

    def doubt(y, a):
        return 1 - a.max(axis=1).mean()

    history = net.fit(
        x,
        y,
        epochs=3,
        batch_size=7,
        validation=(x, y),
        metrics=["log_loss", "f1", "top_2_accuracy", doubt],
    )
    a = net.feedforward(x)
    rows = one_hot(y, 3)
    for name in ("log_loss", "f1", "top_2_accuracy"):
        assert f"train_{name}" in history.columns
        assert history[f"validation_{name}"][-1] == pytest.approx(metrics.get(name)(rows, a))
    assert history["validation_doubt"][-1] == pytest.approx(doubt(rows, a))
    assert history["validation_log_loss"][-1] == pytest.approx(history["validation_cost"][-1])
    assert history["train_log_loss"] == pytest.approx(history["train_cost"])


@pytest.mark.parametrize(
    ("names", "panels", "size"),
    [
        ([], 2, (9, 3.6)),
        (["f1"], 3, (13.5, 3.6)),
        (["f1", "auc"], 4, (9, 7.2)),
        (["f1", "auc", "log_loss"], 5, (13.5, 7.2)),
    ],
)
def test_each_metric_has_a_panel_of_the_picture(names, panels, size, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    x, y = np.random.default_rng(0).standard_normal((12, 4)), np.arange(12) % 3
    net = bpnet.Network([4, 3], cost="log_likelihood", seed=0)
    history = net.fit(x, y, epochs=2, batch_size=6, metrics=names, validation=(x, y))
    history.plot(tmp_path / "curves.svg")
    picture = (tmp_path / "curves.svg").read_text()
    assert len(set(re.findall(r'id="(axes_\d+)"', picture))) == panels
    assert f'width="{72 * size[0]:g}pt" height="{72 * size[1]:g}pt"' in picture
