"""Weights of samples and of classes."""

import numpy as np
import pytest
from estimators._cases import BOTH, binary, fitted, multi_output, ours, samples, theirs
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

import bpnet

GIVEN = {"max_iter": 6, "batch_size": 32, "random_state": 0}
SOLVERS = pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])


def first_call(kind, y):
    return {"classes": np.unique(y)} if kind == "MLPClassifier" else {}


def assert_alike(one, other):
    assert one.loss_ == pytest.approx(other.loss_)
    for found, expected in zip(one.coefs_, other.coefs_, strict=True):
        assert_allclose(found, expected, atol=1e-9)


@BOTH
@SOLVERS
@pytest.mark.parametrize("weights", ["random", "with zeros", "large", "a number"])
def test_sample_weights_are_those_of_scikit_learn(kind, solver, weights):
    X, y = samples(kind)
    weight = np.random.default_rng(0).uniform(0.1, 3.0, len(X))
    if weights == "with zeros":
        weight[::3] = 0.0
    elif weights == "large":
        weight *= 1e6
    elif weights == "a number":
        weight = 2.5
    mine, own = (
        fitted(one(solver=solver, **GIVEN), X, y, sample_weight=weight)
        for one in (ours(kind), theirs(kind))
    )
    assert mine.loss_ == pytest.approx(own.loss_, rel=1e-6)
    for found, expected in zip(mine.coefs_, own.coefs_, strict=True):
        assert_allclose(found, expected, atol=1e-6)


@BOTH
def test_a_sample_without_weight_is_as_good_as_absent(kind):
    X, y = samples(kind)
    weight = np.ones(len(X))
    weight[100:] = 0.0
    given = {"solver": "lbfgs", "max_iter": 5, "random_state": 0, "alpha": 0.0}
    one = fitted(ours(kind)(**given), X, y, sample_weight=weight)
    other = fitted(ours(kind)(**given), X[:100], y[:100])
    assert_allclose(one.coefs_[0], other.coefs_[0], atol=1e-6)


@BOTH
@pytest.mark.parametrize("how", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(120), "non-zero"),
        (-np.ones(120), "[Nn]egative"),
        (np.r_[np.ones(119), np.nan], "NaN"),
        (np.r_[np.ones(119), np.inf], "infinity"),
        (np.ones(119), r"\(119,\), expected \(120,\)"),
        (np.ones((120, 1)), "1D"),
    ],
    ids=["zeros", "negative", "nan", "infinite", "length", "column"],
)
def test_weights_that_are_refused(kind, how, weight, message):
    X, y = samples(kind)
    one = fitted(ours(kind)(**GIVEN), X, y)
    before = vars(one).copy()
    with pytest.raises(ValueError, match=message):
        getattr(one, how)(X, y, sample_weight=weight)
    assert vars(one) == before


@BOTH
@pytest.mark.parametrize("row", range(8))
def test_neither_part_of_the_samples_may_be_without_weight(kind, row):
    """Neither those that train, nor those that are held out."""
    X, y = samples(kind)
    one = ours(kind)(**GIVEN, early_stopping=True, validation_fraction=0.5)
    weight = np.zeros(len(X))
    weight[row] = 1.0  # of one part
    with pytest.raises(ValueError, match="have weight 0"):
        one.fit(X, y, sample_weight=weight)
    assert not hasattr(one, "network_")
    fitted(one, X, y, sample_weight=weight, X_val=X, y_val=y)


@BOTH
def test_weights_in_partial_fit_are_those_of_scikit_learn(kind):
    X, y = samples(kind)
    weight = np.random.default_rng(0).uniform(0.1, 3.0, len(X))
    mine, own = ours(kind)(random_state=0), theirs(kind)(random_state=0)
    for _ in range(4):
        for one in (mine, own):
            one.partial_fit(X, y, sample_weight=weight, **first_call(kind, y))
    assert_allclose(mine.loss_curve_, own.loss_curve_)


# ---------------------------------------------------------------------------- classes


NAMES = np.array(["setosa", "versicolor", "virginica"])
BY_CLASS = {"setosa": 3.0, "versicolor": 0.5, "virginica": 1.0}


@SOLVERS
@pytest.mark.parametrize("given", [BY_CLASS, {"setosa": 7.0}, "balanced"], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_class_weights_multiply_sample_weights(solver, given, weighted):
    X, y = samples("MLPClassifier")
    keep = np.r_[np.flatnonzero(y == 0)[:9], np.flatnonzero(y > 0)]
    X, y = X[keep], NAMES[y[keep]]
    weight = np.random.default_rng(0).uniform(0.1, 3.0, len(X)) if weighted else None
    by_class = compute_sample_weight(given, y)
    one = fitted(
        bpnet.MLPClassifier(class_weight=given, solver=solver, **GIVEN), X, y, sample_weight=weight
    )
    other = fitted(
        bpnet.MLPClassifier(solver=solver, **GIVEN),
        X,
        y,
        sample_weight=by_class if weight is None else by_class * weight,
    )
    assert_alike(one, other)


def test_balanced_classes_have_the_same_total():
    """With outputs that are constant, their probabilities are the weights of the classes."""
    y = np.repeat([0, 1, 2], [50, 20, 5])
    X = np.zeros((75, 1))
    given = {"alpha": 0, "optimizer": bpnet.LBFGS(gradient_tolerance=1e-9)}
    one = bpnet.MLPClassifier((), class_weight="balanced", **given)
    assert_allclose(fitted(one, X, y).predict_proba(X[:1]), np.full((1, 3), 1 / 3), atol=1e-5)
    fitted(one.set_params(class_weight={0: 0.0, 1: 1.0, 2: 4.0}), X, y)
    assert_allclose(one.predict_proba(X[:1]), [[0.0, 0.5, 0.5]], atol=1e-5)


def test_class_weights_of_two_classes():
    X, y = binary(100)
    weight = np.where(y == 1, 5.0, 1.0)
    for given in ({0: 1.0, 1: 5.0}, {1: 5.0}):
        one = fitted(bpnet.MLPClassifier(class_weight=given, **GIVEN), X, y)
        other = fitted(bpnet.MLPClassifier(**GIVEN), X, y, sample_weight=weight)
        assert_alike(one, other)


@pytest.mark.parametrize("given", ["balanced", "dicts"])
def test_class_weights_of_several_labels(given):
    X, y = multi_output("MLPClassifier")
    if given == "dicts":
        given = [{0: 1.0, 1: 1.0 + k} for k in range(y.shape[1])]
    one = fitted(bpnet.MLPClassifier(class_weight=given, **GIVEN), X, y)
    weight = compute_sample_weight(given, y)
    other = fitted(bpnet.MLPClassifier(**GIVEN), X, y, sample_weight=weight)
    assert_alike(one, other)
    with pytest.raises(ValueError, match="list of dicts"):
        bpnet.MLPClassifier(class_weight={0: 2.0}).fit(X, y)
    with pytest.raises(ValueError, match="number of"):
        bpnet.MLPClassifier(class_weight=[{0: 2.0}]).fit(X, y)


@pytest.mark.parametrize("how", ["fit", "partial_fit"])
def test_a_class_that_there_is_not_is_refused_as_by_scikit_learn(how):
    X, y = samples("MLPClassifier")
    first = {"classes": [0, 1, 2]} if how == "partial_fit" else {}
    given = {0: 1.0, 7: 2.0}
    with pytest.raises(ValueError) as expected:  # noqa: PT011 - compared below
        compute_sample_weight(given, y)
    with pytest.raises(ValueError) as found:  # noqa: PT011
        getattr(bpnet.MLPClassifier(class_weight=given), how)(X, y, **first)
    assert str(found.value) == str(expected.value)


@pytest.mark.parametrize("given", [{0: -1.0}, {0: 0.0, 1: 0.0, 2: 0.0}], ids=str)
def test_class_weights_that_leave_nothing_are_refused(given):
    X, y = samples("MLPClassifier")
    with pytest.raises(ValueError, match="class_weight gives the samples weights from"):
        bpnet.MLPClassifier(class_weight=given).fit(X, y)


def test_class_weights_in_partial_fit():
    X, y = samples("MLPClassifier")
    y = NAMES[y]
    one = bpnet.MLPClassifier(class_weight=BY_CLASS, random_state=0)
    other = bpnet.MLPClassifier(random_state=0)
    weight = compute_sample_weight(BY_CLASS, y)
    for label in (*NAMES, None):  # samples of one class, and of all
        rows = slice(None) if label is None else y == label
        one.partial_fit(X[rows], y[rows], classes=NAMES)
        other.partial_fit(X[rows], y[rows], sample_weight=weight[rows], classes=NAMES)
    assert_alike(one, other)
    with pytest.raises(ValueError, match="compute_class_weight"):
        one.set_params(class_weight="balanced").partial_fit(X, y)
    # The way out that the message names:
    found = compute_class_weight("balanced", classes=NAMES, y=y)
    one.set_params(class_weight=dict(zip(NAMES, found, strict=True))).partial_fit(X, y)


def test_class_weights_of_several_labels_in_partial_fit():
    X, y = multi_output("MLPClassifier")
    given = [{1: 1.0 + k} for k in range(y.shape[1])]
    rows = y[:, 0] == 0  # the first label does not occur
    one = bpnet.MLPClassifier(class_weight=given, random_state=0)
    one.partial_fit(X[rows], y[rows], classes=range(y.shape[1]))
    weight = np.where(y[rows] == 1, 1.0 + np.arange(y.shape[1]), 1.0).prod(axis=1)
    other = bpnet.MLPClassifier(random_state=0)
    other.partial_fit(X[rows], y[rows], sample_weight=weight, classes=range(y.shape[1]))
    assert_alike(one, other)


def test_class_weights_count_in_validation():
    X, y = samples("MLPClassifier")
    weight = compute_sample_weight({0: 5.0, 1: 1.0, 2: 1.0}, y)
    one = bpnet.MLPClassifier(class_weight={0: 5.0}, **GIVEN)
    other = bpnet.MLPClassifier(**GIVEN)
    fitted(one, X, y, X_val=X, y_val=y)
    fitted(other, X, y, sample_weight=weight, X_val=X, y_val=y, sample_weight_val=weight)
    assert_allclose(one.validation_scores_, other.validation_scores_)
    for each in (one, other):
        fitted(
            each.set_params(early_stopping=True),
            X,
            y,
            **({} if each is one else {"sample_weight": weight}),
        )
    assert_array_equal(one.validation_scores_, other.validation_scores_)
