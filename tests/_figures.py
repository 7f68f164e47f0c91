"""Labels and outputs for the tests of metrics."""

import numpy as np


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
