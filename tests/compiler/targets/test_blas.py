"""The BLAS of NumPy: products and multiples that are added to an array."""

import itertools

import numpy as np
import pytest
from _backends import relative

from bpnet.compiler.targets.blas import blas as find_blas


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("flipped", list(itertools.product([False, True], repeat=2)))
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 3, 4), (4, 1, 3), (3, 4, 1), (2, 3, 4)])
def test_blas_adds_products_to_an_array(dtype, flipped, shape):
    m, k, n = shape
    blas = find_blas(dtype)
    if blas is None:
        pytest.skip("this NumPy's BLAS is not to be found")
    rng = np.random.default_rng(0)
    left, right, out = (rng.random(size).astype(dtype) for size in ((m, k), (k, n), (m, n)))
    if flipped[0]:
        left = np.ascontiguousarray(left.T).T
    if flipped[1]:
        right = np.ascontiguousarray(right.T).T
    wanted = 0.5 * out - 2.0 * (left @ right)
    blas.product(left, right, out, alpha=-2.0, beta=0.5)()
    assert relative(out, wanted) <= 10 * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 7, 20_000])
@pytest.mark.parametrize("into", ["x", "y"])
def test_blas_adds_a_multiple_to_an_array(dtype, size, into):
    blas = find_blas(dtype)
    if blas is None or not blas.adds:
        pytest.skip("this NumPy's BLAS is not to be found, or has no such sum")
    x, y = np.random.default_rng(0).standard_normal((2, size)).astype(dtype)
    kept, number, out = (x.copy(), y.copy()), blas.number(), {"x": x, "y": y}[into]
    call = blas.scaled_sum(x, y, number, out)
    number.value = -0.3  # read when it is called
    call()
    expected = kept[0] - 0.3 * kept[1]
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=4 * np.finfo(dtype).eps)
    other = y if into == "x" else x
    assert np.array_equal(other, kept[into == "x"])


def test_blas_leaves_to_numpy_what_it_cannot_add():
    blas = find_blas("float64")
    if blas is None or not blas.adds:
        pytest.skip("this NumPy's BLAS is not to be found, or has no such sum")
    x, y, third = np.zeros((3, 4, 4))
    wrong = {
        "a third": (x, y, third),
        "the same twice": (x, x, x),
        "in another order": (x, y.T, x),
        "a row": (x, y[0], x),
        "in pieces": (x[:, :2], y[:, :2], x[:, :2]),
    }
    number = blas.number(1.0)
    for x, y, out in wrong.values():
        assert blas.scaled_sum(x, y, number, out) is None
