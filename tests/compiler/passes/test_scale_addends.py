"""One operation for a sum of which an addend is multiplied by a number."""

import pytest
from compiler._trials import graph_of, lines

from bpnet.compiler.passes import scale_addends


def step(xp, state, x, y, rates):
    a, b, c = state
    return (a - rates[0] * b, b + 0.5 * (a / c), c), x


def test_before_and_after():
    before = graph_of(step, (4,), (4,), (4,))
    assert lines(before)[:5] == [
        "%0 = multiply(rate0, state1)",
        "%1 = subtract(state0, %0)",
        "%2 = divide(state0, state2)",
        "%3 = multiply(0.5, %2)",
        "%4 = add(state1, %3)",
    ]
    assert lines(scale_addends(before, rates=True))[:2] == [
        "%0 = addscaled(state0, state1, negative(rate0))",
        "%1 = addquotient(state1, state0, state2, 0.5)",
    ]


def test_a_rate_stays_where_the_number_must_be_known():
    assert lines(scale_addends(graph_of(step, (4,), (4,), (4,)), rates=False))[:3] == [
        "%0 = multiply(rate0, state1)",
        "%1 = subtract(state0, %0)",
        "%2 = addquotient(state1, state0, state2, 0.5)",
    ]


def test_a_quotient_stays_where_two_arrays_are_asked_for():
    found = lines(scale_addends(graph_of(step, (4,), (4,), (4,)), rates=True, alike=True))
    assert found[:3] == [
        "%0 = addscaled(state0, state1, negative(rate0))",
        "%1 = divide(state0, state2)",
        "%2 = addscaled(state1, %1, 0.5)",
    ]


@pytest.mark.parametrize(
    "value",
    [
        lambda a, b, xp: a + 0.5 * a,  # the same array twice
        lambda a, b, xp: a + 0.5 * b[:1],  # of another shape
        lambda a, b, xp: a + 0.5 * (0.1 + xp.zeros_like(b)) * b,  # a product of arrays
    ],
)
def test_what_is_not_alike_stays(value):
    graph = graph_of(lambda xp, s, x, y, r: ((value(*s, xp), s[1]), x), (4,), (4,))
    assert str(scale_addends(graph, rates=True, alike=True)) == str(graph)


def test_a_product_that_is_read_again_stays():
    def twice(xp, state, x, y, rates):
        scaled = 0.5 * state[1]
        return (state[0] + scaled, scaled), x

    graph = graph_of(twice, (4,), (4,))
    assert scale_addends(graph, rates=True) is graph
