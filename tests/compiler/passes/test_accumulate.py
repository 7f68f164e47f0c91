"""Products that make up a gradient are added to the state as they are computed."""

import functools
from collections import Counter

import numpy as np
import pytest
from _cases import samples
from compiler._trials import Trial, linear

import bpnet
from bpnet.compiler.passes import accumulate, fold_scale


def followed(theta):
    """The next state, of which another part depends on it."""
    return theta, 0.5 * theta


def added(end, m=2):
    """What becomes of a step's graph when products are added to the state, and the trial."""
    x, y = samples("quadratic", 23, 3, 2)
    step, state = functools.partial(linear, end), (np.linspace(-1.0, 1.0, 8), np.ones(8))
    backend = bpnet.get_backend("numpy", dtype="float64")
    trial = Trial(backend, step, state, x, y, m, [(0.1 + 0.01 * k,) for k in range(6)])
    graph = accumulate(fold_scale(trial.graph()))
    return trial, Counter(node.op for node in graph.nodes)


@pytest.mark.parametrize(
    ("end", "sums"),
    [
        (lambda xp, eta, theta, delta, g: (theta - eta * g, xp.ones_like(theta)), 1),
        (lambda xp, eta, theta, delta, g: (g * eta + 0.5 * theta, xp.ones_like(theta)), 1),
        (lambda xp, eta, theta, delta, g: followed(theta - eta * g), 1),
        (lambda xp, eta, theta, delta, g: (g * eta + eta * theta, xp.ones_like(theta)), 0),
        (lambda xp, eta, theta, delta, g: (eta * g - theta, xp.ones_like(theta)), 0),
        (lambda xp, eta, theta, delta, g: (theta - eta * g, theta), 0),
        (lambda xp, eta, theta, delta, g: (theta - eta * g, xp.tanh(theta)), 0),
        (lambda xp, eta, theta, delta, g: (theta - eta * g, theta + g), 0),
    ],
    ids=["sgd", "decay", "followed", "rate", "swapped", "passed", "late", "twice"],
)
def test_products_are_added_where_nothing_else_reads_them(end, sums):
    trial, found = added(end)
    assert found["addmm"] == found["addmv"] == sums
    trial.assert_agreement()
