"""One operation for a product of matrices and a row that is added to it."""

import pytest
from compiler._trials import graph_of, lines

from bpnet.compiler.passes import add_to_products


@pytest.mark.parametrize("swapped", [False, True])
def test_before_and_after(swapped):
    def step(xp, state, x, y, rates):
        w, b = state
        return state, b + x @ w if swapped else x @ w + b

    before = graph_of(step, (3, 2), (2,))
    operands = "state1, %0" if swapped else "%0, state1"
    assert lines(before)[:2] == ["%0 = matmul(x, state0)", f"%1 = add({operands})"]
    after = add_to_products(before)
    assert lines(after)[0] == "%0 = affine(state1, x, state0)"
    assert lines(after)[-1] == "z = %0"


@pytest.mark.parametrize(
    "value",
    [
        lambda x, w, row, column: x @ w + column,
        lambda x, w, row, column: x @ w - row,
        lambda x, w, row, column: x[:, :2] * y_like(w) + row,
    ],
    ids=["column", "difference", "elementwise"],
)
def test_other_sums_stay(value):
    graph = graph_of(lambda xp, s, x, y, r: (s, value(x, *s)), (3, 2), (2,), (2, 1))
    assert add_to_products(graph) is graph


def y_like(w):
    return w[:2, :]


def test_a_product_that_is_read_again_stays():
    def step(xp, state, x, y, rates):
        product = x @ state[0]
        return state, (product + state[1]) * product

    graph = graph_of(step, (3, 2), (2,))
    assert add_to_products(graph) is graph
