"""The sum of each row stands in every column, where it meets what has these columns."""

import pytest
from compiler._trials import graph_of, lines

from bpnet.compiler.passes import spread_sums


def graph(value):
    return graph_of(lambda xp, s, x, y, r: (s, value(xp, x)))


def shares(xp, x):
    return x / xp.sum(x, axis=1, keepdims=True)


def test_before_and_after():
    before = graph(shares)
    assert lines(before) == ["%0 = sum(x, axis=1, keepdims)", "%1 = divide(x, %0)", "z = %1"]
    assert lines(spread_sums(before, most=3)) == [
        "%0 = ones()",
        "%1 = matmul(x, %0)",
        "%2 = divide(x, %1)",
        "z = %2",
    ]


def test_a_sum_over_more_columns_stays():
    before = graph(shares)
    assert spread_sums(before, most=2) is before


@pytest.mark.parametrize(
    "value",
    [
        lambda xp, x: xp.sum(x, axis=1, keepdims=True),
        lambda xp, x: xp.sum(x, axis=1, keepdims=True) * x[:, :1],
        lambda xp, x: x / xp.sum(x, axis=0, keepdims=True),
    ],
    ids=["output", "column", "other axis"],
)
def test_other_sums_stay(value):
    before = graph(value)
    assert spread_sums(before, most=64) is before
