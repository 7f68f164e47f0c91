"""A number that multiplies the whole gradient goes to where the gradient begins."""

import functools

import numpy as np
import pytest
from _backends import relative
from _cases import samples
from compiler._trials import ENDS, Trial, bare, graph_of, linear, lines, training

from bpnet.compiler.passes import fold_scale
from bpnet.compiler.state import leaves_of
from bpnet.compiler.targets.numpy import NumpyTarget


def scaled(graph):
    """Products of a number and a vector of all parameters."""
    products = [node for node in graph.nodes if node.op == "multiply" and node.ndim == 1]
    return [node for node in products if any(one.is_scalar for one in node.args)]


def assert_folded(trial, before, after):
    """Folding leaves that many products of a number and a vector, and the results."""
    found = []
    for fold in (False, True):
        graph = trial.graph()
        if fold:
            graph = fold_scale(graph)
        assert len(scaled(graph)) == (after if fold else before)
        state = [trial.backend.copy(one) for one in leaves_of(trial.state)]
        plan = NumpyTarget().plan(trial.backend, graph, state)
        _, z = plan.runner.run(trial.x, trial.y, trial.order, trial.rates, lambda: False)
        found.append([*state, z])
    assert all(relative(*pair) <= 1e-12 for pair in zip(*found, strict=True))


@pytest.mark.parametrize("output", ["sigmoid", "softmax", "softplus", "mixed", "identity"])
@pytest.mark.parametrize(
    ("optimizer", "l2", "before", "after"),
    [
        ("sgd", 0, 1, 0),  # eta, to where 1/m is
        ("sgd", 0.01, 2, 2),  # it multiplies the weights' decay, too
        ("momentum", 0, 2, 2),
        ("adam", 0, 3, 3),
    ],
)
def test_the_gradients_scale_is_moved_to_where_it_is_small(
    output, optimizer, l2, before, after, numpy_backend
):
    trial = training(numpy_backend, output, "quadratic", optimizer, l2, ((3, 4, 2), 4))
    assert_folded(trial, before, after)


def test_two_numbers_that_multiply_the_error_become_one(numpy_backend):
    graph = training(numpy_backend, "sigmoid", "quadratic", "sgd", 0, ((3, 4, 2), 4)).graph()

    def multiplied(graph):
        return sum(
            node.op == "multiply" and node.ndim == 2 and any(one.is_scalar for one in node.args)
            for node in graph.nodes
        )

    assert multiplied(fold_scale(graph)) == multiplied(graph)


@pytest.mark.parametrize(
    ("end", "m", "before", "after"),
    [
        ("alone", 2, 1, 0),
        ("merged", 2, 2, 0),
        ("kept", 2, 1, 1),
        ("squared", 2, 1, 1),
        ("seen", 2, 1, 1),
        ("passed", 2, 1, 1),
        ("divided", 2, 1, 0),
        ("inverse", 2, 1, 1),
        ("bent", 2, 1, 1),
        ("clipped", 2, 1, 1),
        ("alone", 9, 1, 1),  # the mini-batch's outputs outnumber the parameters
    ],
)
def test_the_scale_stays_where_the_gradient_is_read_otherwise(end, m, before, after, numpy_backend):
    x, y = samples("quadratic", 23, 3, 2)
    step, state = functools.partial(linear, ENDS[end]), (np.linspace(-1.0, 1.0, 8), np.zeros(8))
    trial = Trial(numpy_backend, step, state, x, y, m, [(0.1 + 0.01 * k,) for k in range(6)])
    assert_folded(trial, before, after)
    trial.assert_agreement()


def test_the_scale_does_not_reach_the_outputs(numpy_backend):
    x, y = samples("quadratic", 23, 3, 2)
    trial = Trial(numpy_backend, bare, (np.linspace(-1.0, 1.0, 8),), x, y, 2, [(0.1,)] * 6)
    assert_folded(trial, 1, 1)
    trial.assert_agreement()


def one_layer(xp, state, x, y, rates):
    """A step of linear regression by a mean squared error."""
    (theta,) = state
    z = x @ xp.reshape(theta[:6], (2, 3)).T + theta[6:]
    delta = (z - y) * 0.5
    g = xp.concat([xp.reshape(delta.T @ x, (-1,)), xp.sum(delta, axis=0)])
    return (theta - rates[0] * g,), z


def test_before_and_after():
    before = graph_of(one_layer, (8,))
    after = fold_scale(before)
    assert lines(before)[7:] == [
        "%7 = multiply(%6, 0.5)",
        "%8 = transpose(%7)",
        "%9 = matmul(%8, x)",
        "%10 = reshape(%9)",
        "%11 = sum(%7, axis=0)",
        "%12 = concat(%10, %11, axis=0)",
        "%13 = multiply(rate0, %12)",
        "%14 = subtract(state0, %13)",
        "state0 <- %14",
        "z = %5",
    ]
    assert lines(after)[7:] == [
        "%7 = multiply(%6, multiply(rate0, 0.5))",
        "%8 = transpose(%7)",
        "%9 = matmul(%8, x)",
        "%10 = reshape(%9)",
        "%11 = sum(%7, axis=0)",
        "%12 = concat(%10, %11, axis=0)",
        "%13 = subtract(state0, %12)",
        "state0 <- %13",
        "z = %5",
    ]
    assert lines(before)[:7] == lines(after)[:7]
