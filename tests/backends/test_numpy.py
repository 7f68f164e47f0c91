"""What NumPy's backend, and PyTorch's, do by other means than the standard's functions."""

import numpy as np
import pytest

import bpnet
from bpnet.compiler import compile_step

LARGEST = np.finfo("float32").max


@pytest.fixture(params=["numpy", "torch"])
def named(request):
    """Libraries that look for what is not finite by a product."""
    if request.param == "torch":
        request.getfixturevalue("torch")
    return request.param


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("values", "finite"),
    [
        ([], True),
        ([1.0, 2.0], True),
        ([LARGEST, -LARGEST, LARGEST], True),  # whose squares are not
        ([1e-45, 0.0], True),
        ([1.0, np.inf], False),
        ([-np.inf, np.inf, 1.0], False),
        ([np.nan, LARGEST], False),
    ],
)
def test_finite_is_what_all_entries_are(named, dtype, values, finite):
    backend = bpnet.get_backend(named, dtype=dtype)
    with backend.scope():
        assert backend.all_finite(backend.from_host(np.asarray(values), dtype)) is finite


def test_finite_whatever_the_layout(named):
    backend = bpnet.get_backend(named)
    x = backend.from_host(np.ones((4, 4)), "float32")
    views = [x, x.T, x[:, ::2], x[:, :0]] + ([x[::-1]] if named == "numpy" else [])
    with backend.scope():
        assert all(map(backend.all_finite, views))
        x[2, 2] = np.nan
        assert [one.shape[1] for one in views if backend.all_finite(one)] == [0]


@pytest.mark.parametrize("axis", [0, 1, -1, None])
@pytest.mark.parametrize("keepdims", [False, True])
def test_argmax_is_numpys(axis, keepdims):
    x = np.random.default_rng(0).integers(0, 3, (5, 7))
    found = bpnet.get_backend("numpy").xp.argmax(x, axis=axis, keepdims=keepdims)
    assert np.array_equal(found, np.argmax(x, axis=axis, keepdims=keepdims))


@pytest.mark.parametrize("shape", [(1, 4), (2, 1), (10, 10), (7, 100), (300, 3)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_row_maxima_in_a_plan_are_numpys(shape, dtype):
    def step(xp, state, x, y, rates):
        z = x * 1.0
        return state, z - xp.max(z, axis=1, keepdims=True)

    backend, rng = bpnet.get_backend("numpy", dtype=dtype), np.random.default_rng(0)
    x = rng.integers(-2, 3, shape).astype(dtype)
    x[0, 0], x[-1, -1] = np.inf, np.nan
    order = np.arange(shape[0])[None, :]
    with backend.scope():
        given = ((np.zeros(1, dtype),), x, np.zeros((shape[0], 1), dtype), order, [(0.0,)])
        _, (found,) = compile_step(backend, step)(*given)
        assert np.array_equal(found, x - x.max(axis=1, keepdims=True), equal_nan=True)
