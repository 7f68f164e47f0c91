"""Zeros and ones as arrays, where a library compares two arrays faster."""

import numpy as np
import pytest
from compiler._trials import graph_of, lines

import bpnet
from bpnet.compiler import compile_step
from bpnet.compiler.passes import fill_bounds
from bpnet.compiler.plain import PlainRun
from bpnet.compiler.targets.numpy import NumpyTarget
from bpnet.compiler.verify import verify


def graph(value):
    return graph_of(lambda xp, s, x, y, r: (s, value(xp, x)))


def relu(xp, x):
    return xp.maximum(x, 0.0)


def test_before_and_after():
    before = graph(relu)
    assert lines(before) == ["%0 = maximum(x, 0.0)", "z = %0"]
    after = fill_bounds(before, most=2**18)
    verify(after)
    assert lines(after) == ["%0 = zeros()", "%1 = maximum(x, %0)", "z = %1"]
    zeros = after.nodes[after.nodes.index(after.z) - 1]
    assert (zeros.shape, zeros.dtype) == (after.x.shape, after.x.dtype)


def test_bounds_of_one_shape_are_one_array():
    before = graph(lambda xp, x: xp.maximum(xp.minimum(xp.maximum(x, 0.0) + x, 1.0) - x, 0.0))
    after = fill_bounds(before, most=2**18)
    verify(after)
    assert [node.op for node in after.nodes].count("zeros") == 1
    assert [node.op for node in after.nodes].count("ones") == 1


def test_one_row_beyond_the_limit():
    before = graph(lambda xp, x: xp.minimum(1.0, x))
    after = fill_bounds(before, most=before.x.size - 1)
    verify(after)
    assert lines(after) == ["%0 = ones()", "%1 = minimum(%0, x)", "z = %1"]
    assert after.z.args[0].shape == before.x.shape[1:]


def test_a_long_vector_keeps_its_number():
    before = graph_of(lambda xp, s, x, y, r: ((xp.maximum(s[0], 0.0),), x), (7,))
    assert fill_bounds(before, most=6) is before
    assert lines(fill_bounds(before, most=7))[:2] == ["%0 = zeros()", "%1 = maximum(state0, %0)"]


@pytest.mark.parametrize(
    "value",
    [
        lambda xp, x: xp.maximum(x, 0.5),
        lambda xp, x: xp.maximum(x, -0.0),
        lambda xp, x: xp.maximum(x, x * 2.0),
        lambda xp, x: x + 0.0,
    ],
    ids=["another number", "negative zero", "two arrays", "another operation"],
)
def test_others_stay(value):
    before = graph(value)
    assert fill_bounds(before, most=2**18) is before


def test_a_bound_that_is_a_rate_stays():
    before = graph_of(lambda xp, s, x, y, r: (s, xp.maximum(x, r[0])))
    assert fill_bounds(before, most=2**18) is before


@pytest.mark.parametrize("most", [2**18, 1])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_numbers_come_out_as_in_the_plain_loop(dtype, most, monkeypatch):
    monkeypatch.setattr(NumpyTarget, "filled", most)
    backend = bpnet.get_backend("numpy", dtype=dtype)

    def step(xp, state, x, y, rates):
        return state, xp.concat([xp.maximum(x, 0.0), xp.minimum(1.0, x)], axis=1)

    inf, nan = np.inf, np.nan
    x = np.asarray([[-inf, -1.0, -0.0, 0.0, 0.5], [1.0, 2.0, inf, nan, -nan]], dtype)
    given = (np.zeros(1, dtype),), x, np.zeros((2, 1), dtype), np.asarray([[1, 0]]), [(0.1,)]
    (_, found), (_, plain) = compile_step(backend, step)(*given), PlainRun(backend, step)(*given)
    np.testing.assert_array_equal(found, plain)
