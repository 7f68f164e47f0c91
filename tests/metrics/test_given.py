"""Metrics called alone take labels, and what a network predicted."""

import numpy as np
import pytest

import bpnet
from bpnet import metrics

X = np.random.default_rng(0).normal(size=(40, 3))
LABELS = (X @ [[1.0, -1.0, 0.3], [0.2, 1.0, -1.0], [0.1, 0.3, 1.0]]).argmax(axis=1)


def network(target, sizes, **settings):
    net = bpnet.Network(sizes, backend=target.backend("float32"), seed=0, **settings)
    return net, net.backend.to_numpy


def test_figures_of_regression_take_what_predict_returned(target):
    net, host = network(target, [3, 1], activations=["identity"])
    y = X[:, 0] * 2.0
    found = net.predict(X)
    a = host(found).astype(np.float64)
    right = 1 - ((y - a) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    for given in (found, host(found)[:, None]):
        assert abs(metrics.R2()(y, given) - right) < 1e-6
    assert abs(metrics.MAE()(y.tolist(), a.tolist()) - abs(y - a).mean()) < 1e-6
    wide, host = network(target, [3, 2], activations=["identity"])
    a = host(wide.predict(X))
    assert abs(metrics.MAE()(X[:, :2], wide.predict(X)) - abs(X[:, :2] - a).mean()) < 1e-6


def test_figures_of_classification_take_classes_and_probabilities(target):
    net, host = network(target, [3, 3], cost="log_likelihood")
    net.fit(X, LABELS, epochs=3, batch_size=8)
    classes, probabilities = net.predict(X), net.predict_proba(X)
    right = float(np.mean(host(classes) == LABELS))
    assert 0.5 < right < 1.0
    assert metrics.Accuracy()(LABELS, classes) == right == net.accuracy(X, LABELS)
    assert metrics.Accuracy()(LABELS, probabilities) == right
    assert metrics.Accuracy()(np.eye(3)[LABELS], classes) == right
    assert metrics.Accuracy()(LABELS.astype(float), classes) == right
    each = [np.mean(host(classes)[k == LABELS] == k) for k in range(3)]
    assert abs(metrics.BalancedAccuracy()(LABELS, classes) - np.mean(each)) < 1e-12
    p = host(probabilities).astype(np.float64)[np.arange(len(X)), LABELS]
    assert abs(metrics.LogLoss()(LABELS, probabilities) + np.log(p).mean()) < 1e-6


def test_figures_of_one_output(target):
    net, host = network(target, [3, 1], cost="cross_entropy")
    labels = (X[:, 0] > 0).astype(int)
    net.fit(X, labels, epochs=2, batch_size=8)
    right = float(np.mean(host(net.predict(X)) == labels))
    for outputs in (net.predict(X), net.feedforward(X), net.predict_proba(X)):
        assert metrics.Accuracy()(labels, outputs) == right
        assert metrics.Accuracy()(labels[:, None], outputs) == right
    single = host(net.feedforward(X))[:, 0]
    assert metrics.AUC()(labels, single) == metrics.AUC()(labels, net.predict_proba(X))
    assert metrics.F1("binary")(labels, net.predict(X)) == metrics.F1("binary")(labels, single)


def test_scikit_learn_gives_the_same():
    judge = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    rng = np.random.default_rng(1)
    y, a = rng.integers(0, 4, 50), rng.integers(0, 4, 50)
    assert metrics.F1()(y, a) == judge.f1_score(y, a, average="macro")
    assert metrics.BalancedAccuracy()(y, a) == judge.balanced_accuracy_score(y, a)
    p = rng.dirichlet(np.ones(4), 50)
    assert abs(metrics.LogLoss()(y, p) - judge.log_loss(y, p, labels=range(4))) < 1e-12


@pytest.mark.parametrize(
    ("y", "a", "words"),
    [
        ([0, 1, 2], [0.1, 0.2, 0.9], "classes up to 2 in y, but one output per sample in a"),
        ([0, 3], [[0.1, 0.2], [0.5, 0.5]], "accuracy is given class 3, with outputs for 2"),
        ([[1, 0], [0, 1]], [0, 2], "accuracy is given class 2, with outputs for 2"),
        ([0, -1], [0, 1], "labels from 0 on; row 1 of y is -1"),
        ([0, np.nan], [0, 1], "labels from 0 on; row 1 of y is nan"),
        ([0, 0.5], [0, 1], "labels from 0 on; row 1 of y is 0.5"),
        ([0, 1], [0, 1, 1], r"not \(2,\) and \(3,\)"),
        ([[0, 1]], [[0, 1, 1]], r"not \(1, 2\) and \(1, 3\)"),
        (0, 1, r"not \(\) and \(\)"),
    ],
)
def test_what_goes_not_together_is_refused(y, a, words):
    with pytest.raises(ValueError, match=words):
        metrics.Accuracy()(y, a)


def test_what_is_no_number_is_refused():
    with pytest.raises(TypeError, match="y holds text, such as 'cat'"):
        metrics.Accuracy()(["cat", "dog"], [0, 1])
    with pytest.raises(ValueError, match=r"r2 takes .* not \(2, 1, 1\) and \(2,\)"):
        metrics.R2()([[[1]], [[2]]], [1, 2])
