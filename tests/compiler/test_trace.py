"""Tracing: a step on tracers becomes a graph, or says what is not known."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from compiler._trials import graph_of, lines

from bpnet.compiler.ir import BFLOAT16
from bpnet.compiler.trace import TraceError, trace


class State(NamedTuple):
    theta: Any
    memory: tuple[Any, ...] = ()


def values(function, **options):
    """The lines for a function of x and y, (2, 3) each."""
    step = lambda xp, state, x, y, rates: (state, function(xp, x, y))  # noqa: E731
    return lines(graph_of(step, x=(2, 3), y=(2, 3), **options))[:-1]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda xp, x, y: x + y, ["%0 = add(x, y)"]),
        (lambda xp, x, y: xp.add(x, y), ["%0 = add(x, y)"]),
        (lambda xp, x, y: 1 - x, ["%0 = subtract(1.0, x)"]),
        (lambda xp, x, y: x / 2, ["%0 = divide(x, 2.0)"]),
        (lambda xp, x, y: -abs(x), ["%0 = abs(x)", "%1 = negative(%0)"]),
        (lambda xp, x, y: x**2, ["%0 = multiply(x, x)"]),
        (lambda xp, x, y: xp.clip(x, -1, 1), ["%0 = maximum(x, -1.0)", "%1 = minimum(%0, 1.0)"]),
        (lambda xp, x, y: x @ y.T, ["%0 = transpose(y)", "%1 = matmul(x, %0)"]),
        (lambda xp, x, y: x[:, 1:], ["%0 = slice(x, [:, 1:])"]),
        (lambda xp, x, y: x[::2], ["%0 = slice(x, [::2, :])"]),
        (lambda xp, x, y: xp.reshape(x, (3, -1)), ["%0 = reshape(x)"]),
        (lambda xp, x, y: xp.sum(x, axis=-1), ["%0 = sum(x, axis=1)"]),
        (lambda xp, x, y: xp.max(x, axis=0, keepdims=True), ["%0 = max(x, axis=0, keepdims)"]),
        (lambda xp, x, y: xp.concat([x, y], axis=1), ["%0 = concat(x, y, axis=1)"]),
        (lambda xp, x, y: xp.where(x > 0, x, y), ["%0 = greater(x, 0.0)", "%1 = where(%0, x, y)"]),
        (
            lambda xp, x, y: xp.where(x == y, x, 0.0),
            ["%0 = equal(x, y)", "%1 = where(%0, x, 0.0)"],
        ),
        (lambda xp, x, y: xp.astype(x, xp.float64) * y, ["%0 = multiply(x, y)"]),
        (lambda xp, x, y: xp.ones_like(x), ["%0 = zeros()", "%1 = add(%0, 1.0)"]),
    ],
)
def test_what_is_recorded(function, expected):
    assert values(function) == expected


def test_a_function_that_some_libraries_have():
    def sigmoid(xp, x, y):
        return xp.sigmoid(x)

    def quick(xp, x, y):
        return xp.quick_sigmoid(x)

    def names(function):
        return [line.partition("(")[0].split()[-1] for line in values(function)]

    assert values(sigmoid, has=("sigmoid",)) == ["%0 = sigmoid(x)"]
    assert values(quick, has=("sigmoid",)) == ["%0 = sigmoid(x)"]
    assert names(sigmoid) == ["negative", "exp", "add", "divide"]
    assert names(quick) == ["multiply", "tanh", "multiply", "add"]


def test_what_is_negated_twice_is_as_it_was():
    assert values(lambda xp, x, y: xp.sigmoid(-x)) == [
        "%0 = exp(x)",
        "%1 = add(1.0, %0)",
        "%2 = divide(1.0, %1)",
    ]


def test_numbers_made_of_rates_are_one_operand():
    def step(xp, state, x, y, rates):
        return state, x * (rates[0] * 0.5 - rates[1])

    assert lines(graph_of(step, rates=(0.1, 0.2)))[0] == (
        "%0 = multiply(x, subtract(multiply(rate0, 0.5), rate1))"
    )


def test_a_mask_has_a_key():
    def step(xp, state, x, y, rates):
        return state, x * xp.keep_mask(x, 0.5, rates[1], 3)

    graph = graph_of(step, rates=(0.1, 7))
    assert lines(graph)[0] == "%0 = keep_mask(rate1, (0.5, 3))"
    assert {node.dtype.name for node in graph.nodes if node.op == "rate"} == {"int64"}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda xp, x, y: xp.cumsum(x), "function cumsum"),
        (lambda xp, x, y: x if x > 0 else y, "a branch on an array's value"),
        (lambda xp, x, y: x[0], "index 0"),
        (lambda xp, x, y: x[x > 0], "index"),
        (lambda xp, x, y: x**3, "power 3"),
        (lambda xp, x, y: xp.vecdot(x, y), r"vecdot of shapes \(2, 3\) and \(2, 3\)"),
        (lambda xp, x, y: x @ y[:, 0:1][:, 0], "index"),
        (lambda xp, x, y: x @ 2.0, "a product of other than two matrices"),
        (lambda xp, x, y: xp.sum(x), "sum over axis None of 2 dimensions"),
        (lambda xp, x, y: x + (x > 0), "add of float64, bool"),
        (lambda xp, x, y: x + "1", "add of str"),
        (lambda xp, x, y: xp.reshape(x.T, (-1,)), "a new shape of what does not lie in one piece"),
        (lambda xp, x, y: xp.concat([x, x > 0]), "a concatenation of several types"),
        (lambda xp, x, y: xp.astype(x, xp.int32), "an array of"),
        (lambda xp, x, y: xp.keep_mask(x, 0.5, 3), "keep_mask with the key 3"),
        (lambda xp, x, y: np.sin(x), "sin|ufunc"),
        (lambda xp, x, y: None, "a result that is a NoneType"),
        (lambda xp, x, y: x.mean(), "mean"),
    ],
)
def test_what_is_not_known_is_named(function, message):
    with pytest.raises(TraceError, match=message):
        values(function)


@pytest.mark.parametrize(
    ("after", "message"),
    [
        (lambda state, x: (state[0], state[0]), "a state that becomes another structure"),
        (lambda state, x: (state,), "a state that becomes another structure"),
        (lambda state, x: (state[0][:2],), "a state that changes its shape"),
        (lambda state, x: (1.0,), "a result that is a float"),
    ],
)
def test_a_state_stays_what_it_is(after, message):
    with pytest.raises(TraceError, match=message):
        graph_of(lambda xp, state, x, y, rates: (after(state, x), x), (3,))


def test_a_step_is_given_tuples_of_the_states_own_types():
    def step(xp, state, x, y, rates):
        assert type(state) is State
        (v,) = state.memory
        return State(state.theta - v, (0.9 * v,)), x

    state = State(np.zeros(3), (np.ones(3),))
    graph = trace(step, "float64", state, (2, 3), (2, 1), (0.1,))
    assert lines(graph)[-3:] == ["state0 <- %0", "state1 <- %1", "z = x"]

    def forgetful(xp, state, x, y, rates):
        return tuple(step(xp, state, x, y, rates)[0]), x

    with pytest.raises(TraceError, match="another structure"):
        trace(forgetful, "float64", state, (2, 3), (2, 1), (0.1,))


def test_a_smaller_type_is_there_where_the_library_has_it():
    def low(xp, x, y):
        return xp.astype(xp.sum(xp.astype(x, xp.bfloat16), axis=1), x.dtype)

    found = values(low, low=BFLOAT16)
    assert found == [  # a sum over a row is computed in the larger type
        "%0 = astype(x)",
        "%1 = astype(%0)",
        "%2 = sum(%1, axis=1)",
        "%3 = astype(%2)",
        "%4 = astype(%3)",
    ]
    with pytest.raises(TraceError, match="function bfloat16"):
        values(low)
