"""Products by a small transposed matrix are products by a copy of it."""

import numpy as np
import pytest
from compiler._trials import graph_of, lines

import bpnet
from bpnet.compiler import compile_step
from bpnet.compiler.passes import straighten
from bpnet.compiler.plain import PlainRun
from bpnet.compiler.verify import verify


def graph(value):
    return graph_of(lambda xp, s, x, y, r: (s, value(xp, s[0], x)), (4, 3), x=(5, 3), y=(5, 2))


def product(xp, w, x):
    return x @ w.T


def test_before_and_after():
    before = graph(product)
    assert lines(before) == ["%0 = transpose(state0)", "%1 = matmul(x, %0)", *ends("%1")]
    after = straighten(before, 5, range(4, 5))
    verify(after)
    assert lines(after) == [
        "%0 = transpose(state0)",
        "%1 = astype(%0)",
        "%2 = matmul(x, %1)",
        *ends("%2"),
    ]


def ends(z):
    return ["state0 <- state0", f"z = {z}"]


@pytest.mark.parametrize(
    ("rows", "columns"), [(6, range(4, 5)), (5, range(5, 9)), (5, range(1, 4))]
)
def test_a_product_of_another_size_stays(rows, columns):
    before = graph(product)
    assert straighten(before, rows, columns) is before


@pytest.mark.parametrize(
    "value",
    [lambda xp, w, x: x @ (1.0 * w.T), lambda xp, w, x: x.T @ x],
    ids=["a matrix of its own", "the other factor"],
)
def test_other_products_stay(value):
    before = graph(value)
    assert straighten(before, 1, range(1, 9)) is before


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_copy_is_that_of_the_step(dtype, plans):
    """Parameters change from step to step, and the copy with them."""
    backend = bpnet.get_backend("numpy", dtype=dtype)

    def step(xp, state, x, y, rates):
        w = xp.reshape(state[0][:12], (12, 1))
        z = x @ w.T
        gradient = (z - y).T @ x
        return (state[0] - rates[0] * xp.reshape(gradient, (-1,)),), z

    rng = np.random.default_rng(0)
    x, y = (rng.random(shape).astype(dtype) for shape in ((128, 1), (128, 12)))
    order = np.arange(128).reshape(2, 64)
    given = (rng.random(12).astype(dtype),), x, y, order, [(1e-3,), (2e-3,)]
    found, plain = compile_step(backend, step)(*given), PlainRun(backend, step)(*given)
    assert any(node.op == "astype" for node in plans[0].program.graph.nodes)
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(found[1], plain[1], rtol=tolerance)
    np.testing.assert_allclose(found[0][0], plain[0][0], rtol=tolerance)
