"""Several labels at once: what the network predicts, and how it is judged."""

import numpy as np
import pytest

import bpnet
from bpnet import metrics

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 2, (80, 4)).astype(float)
A = np.clip(0.6 * Y + 0.4 * RNG.uniform(size=Y.shape) - 0.1 + 0.2 * RNG.normal(size=Y.shape), 0, 1)


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
def test_f1_is_scikit_learns(sk, average):
    expected = sk.f1_score(Y, A > 0.5, average=average)
    assert 0.5 < expected < 1.0
    assert metrics.F1(average)(Y, A) == pytest.approx(expected, rel=1e-12)


@pytest.mark.filterwarnings("ignore:F-score is ill-defined")
@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
def test_f1_of_a_label_that_is_nowhere_is_zero(sk, average):
    y, a = Y.copy(), A.copy()
    y[:, 1] = a[:, 1] = 0
    expected = sk.f1_score(y, a > 0.5, average=average)
    assert metrics.F1(average)(y, a) == pytest.approx(expected, rel=1e-12)
    assert metrics.F1(average)(0 * y, 0 * a) == 0.0


def test_accuracy_counts_samples_all_of_whose_labels_are_right(sk):
    expected = sk.accuracy_score(Y, A > 0.5)
    assert 0.2 < expected < 1.0
    assert metrics.Accuracy()(Y, A) == expected


def test_auc_is_the_mean_over_labels(sk):
    expected = sk.roc_auc_score(Y, A)
    assert metrics.AUC()(Y, A) == pytest.approx(expected, rel=1e-12)


def test_rows_of_one_hot_targets_may_be_labels_if_it_is_said():
    y, a = np.eye(3), np.asarray([[0.9, 0.8, 0.1], [0.1, 0.6, 0.2], [0.4, 0.1, 0.45]])
    assert metrics.Accuracy()(y, a) == 1.0
    assert metrics.Accuracy(multilabel=True)(y, a) == pytest.approx(1 / 3)
    assert metrics.F1("micro")(y, a) == 1.0
    assert metrics.F1("micro", multilabel=True)(y, a) == pytest.approx(2 * 2 / 6)


def net_of(target=None, **options):
    options = {"cost": "binary_cross_entropy", "seed": 0, "dtype": "float64", **options}
    backend = target.backend() if target else None
    return bpnet.Network([3, 12, 3], activations="tanh", backend=backend, **options)


X = RNG.normal(size=(120, 3))
SIGNS = (X > 0).astype(float)
ADAM = bpnet.Adam(0.02)


@pytest.mark.parametrize("cost", ["binary_cross_entropy", "quadratic"])
def test_predictions_and_figures_of_several_labels(target, cost):
    net = bpnet.Network([3, 12, 3], cost=cost, backend=target.backend(), seed=0)
    x, y = target.give(X), target.give(SIGNS)
    history = net.fit(
        x, y, epochs=20, optimizer=ADAM, validation=(x, y), metrics=["f1", "f1_micro", "auc"]
    )
    probabilities = net.backend.to_numpy(net.predict_proba(x))
    found = net.predict(x)
    assert "int" in str(found.dtype)
    marked = net.backend.to_numpy(found)
    assert np.array_equal(marked, probabilities > 0.5)
    whole = (marked == SIGNS).all(axis=1).mean()
    assert 0.3 < whole < 1.0
    assert net.accuracy(x, y) == net.score(x, y) == history["validation_accuracy"][-1] == whole
    for name, metric in (("f1", metrics.F1()), ("f1_micro", metrics.F1("micro"))):
        expected = metric(SIGNS, probabilities)
        assert history[f"validation_{name}"][-1] == pytest.approx(expected, rel=1e-12)


def test_training_accuracy_of_several_labels_is_of_whole_rows():
    net = net_of()
    history = net.fit(X, SIGNS, epochs=1, batch_size=120, optimizer=bpnet.SGD(0.0))
    right = (np.asarray(net.predict(X)) == SIGNS).all(axis=1).mean()
    assert history["train_accuracy"] == [right]


@pytest.mark.parametrize("name", ["log_loss", "balanced_accuracy", "top_2_accuracy", "r2", "mae"])
def test_metrics_that_are_not_of_several_labels_say_so(name):
    with pytest.raises(ValueError, match=rf"{name} is for .*, and the task is multilabel"):
        net_of().fit(X, SIGNS, epochs=1, metrics=[name])


def test_what_several_labels_do_not_go_with():
    with pytest.raises(ValueError, match=r"f1_binary is for two classes"):
        net_of().fit(X, SIGNS, epochs=1, metrics=["f1_binary"])
    with pytest.raises(ValueError, match=r"class_weight is for .*, and the task is multilabel"):
        net_of().fit(X, SIGNS, epochs=1, class_weight="balanced")
    with pytest.raises(ValueError, match=r"multilabel takes each output by itself, but softmax"):
        net_of(cost="log_likelihood", task="multilabel")
    with pytest.raises(ValueError, match=r"give rows of 3 targets \(a 0 or 1 for each label\)"):
        net_of(task="multilabel").fit(X, np.arange(120) % 3, epochs=1)


def test_a_validation_of_one_hot_rows_is_judged_as_the_task_says():
    net, every = net_of(task="multilabel"), np.eye(3)
    history = net.fit(X, SIGNS, epochs=1, validation=(X[:3], every), metrics=["f1"])
    a = np.asarray(net.feedforward(X[:3]))
    assert history["validation_accuracy"] == [((a > 0.5) == every).all(axis=1).mean()]
    assert history["validation_f1"] == [metrics.F1(multilabel=True)(every, a)]


def test_a_metric_of_ones_own_may_be_for_labels():
    def hamming_loss(y, a):
        return np.mean((a > 0.5) != y)

    metric = metrics.CustomMetric(hamming_loss, task="multilabel")
    history = net_of().fit(X, SIGNS, epochs=2, metrics=[metric], optimizer=ADAM)
    assert 0.0 < history["train_hamming_loss"][-1] < 1.0
    with pytest.raises(ValueError, match=r"hamming_loss is for multilabel, and the task is class"):
        net_of().fit(X, np.arange(120) % 3, epochs=1, metrics=[metric])
