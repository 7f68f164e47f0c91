"""Both estimators beside scikit-learn's own, and data for each."""

import re
import warnings

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

import bpnet

BOTH = pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
"""Every property is tried on both."""


def without_addresses(value):
    """A value as text that is the same in every process, for the names of tests."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


def ours(kind):
    return getattr(bpnet, kind)


def theirs(kind):
    return getattr(neural_network, kind)


def samples(kind, n=120):
    """Some well-scaled samples with targets for an estimator."""
    if kind == "MLPClassifier":
        X, y = load_iris(return_X_y=True)
        X, y = scale(X)[::-1], y[::-1]
        keep = np.random.default_rng(0).permutation(len(X))[:n]
        return X[keep], y[keep]
    X, y = load_diabetes(return_X_y=True)
    return scale(X)[:n], scale(y)[:n]


def multi_output(kind, n=120):
    """Some samples with several labels, or several numbers, each."""
    if kind == "MLPClassifier":
        X, y = make_multilabel_classification(n, 10, random_state=0)
        return scale(X), y
    X, y = samples(kind, n)
    return X, np.stack([y, X[:, 0] - 2.0 * y, X[:, 1] ** 2], axis=1)


def binary(n=200):
    """Zeros and ones in digits: two classes."""
    X, y = load_digits(n_class=2, return_X_y=True)
    return X[:n] / 16.0, y[:n]


def fitted(estimator, *given, **named):
    """The estimator after its fit, which need not have converged."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(*given, **named)
