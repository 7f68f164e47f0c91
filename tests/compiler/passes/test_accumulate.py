"""Products that make up a gradient are added to the state as they are computed."""

import functools
from collections import Counter

import numpy as np
import pytest
from _cases import samples
from compiler._trials import Trial, graph_of, linear, lines

import bpnet
from bpnet.compiler.passes import accumulate, fold_scale
from bpnet.compiler.verify import verify


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


def one_layer(xp, state, x, y, rates):
    """A step of linear regression at a learning rate of 1."""
    (theta,) = state
    z = x @ xp.reshape(theta[:6], (2, 3)).T + theta[6:]
    delta = z - y
    return (theta - xp.concat([xp.reshape(delta.T @ x, (-1,)), xp.sum(delta, axis=0)]),), z


def test_before_and_after():
    before = graph_of(one_layer, (8,))
    assert lines(before) == [
        "%0 = slice(state0, [:6])",
        "%1 = reshape(%0)",
        "%2 = transpose(%1)",
        "%3 = matmul(x, %2)",
        "%4 = slice(state0, [6:])",
        "%5 = add(%3, %4)",
        "%6 = subtract(%5, y)",
        "%7 = transpose(%6)",
        "%8 = matmul(%7, x)",
        "%9 = reshape(%8)",
        "%10 = sum(%6, axis=0)",
        "%11 = concat(%9, %10, axis=0)",
        "%12 = subtract(state0, %11)",
        "state0 <- %12",
        "z = %5",
    ]
    assert lines(accumulate(before))[6:] == [
        "%6 = subtract(%5, y)",
        "%7 = slice(state0, [6:8])",
        "%8 = reshape(%7)",
        "%9 = addmv(%8, %6, axis=0, beta=1.0, sign=-1.0)",
        "%10 = transpose(%6)",
        "%11 = slice(state0, [0:6])",
        "%12 = reshape(%11)",
        "%13 = addmm(%12, %10, x, beta=1.0, sign=-1.0)",
        "%14 = joined(%13, %9)",
        "state0 <- %14",
        "z = %5",
    ]


def test_a_product_waits_until_the_weights_it_changes_were_read():
    def step(xp, state, x, y, rates):
        (w,) = state
        gradient = xp.concat([xp.reshape(x.T @ x, (-1,))])
        z = x @ xp.reshape(w, (3, 3)) @ xp.reshape(w, (3, 3))
        return (w - gradient,), z

    graph = accumulate(graph_of(step, (9,)))
    verify(graph)
    found = lines(graph)
    (change,) = (k for k, line in enumerate(found) if "addmm" in line)
    assert change > max(k for k, line in enumerate(found) if "matmul" in line)
