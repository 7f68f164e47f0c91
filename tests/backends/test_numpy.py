"""What NumPy's backend does by other means than the standard's functions."""

import numpy as np
import pytest

import bpnet

LARGEST = np.finfo("float32").max


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
def test_finite_is_what_all_entries_are(dtype, values, finite):
    backend = bpnet.get_backend("numpy", dtype=dtype)
    with backend.scope():
        assert backend.all_finite(np.asarray(values, dtype)) is finite


def test_finite_whatever_the_layout():
    backend, x = bpnet.get_backend("numpy"), np.ones((4, 4), "float32")
    with backend.scope():
        assert all(map(backend.all_finite, (x, x.T, x[:, ::2], x[::-1])))
        x[2, 2] = np.nan
        assert not any(map(backend.all_finite, (x, x.T, x[:, ::2], x[::-1])))


@pytest.mark.parametrize("axis", [0, 1, -1, None])
@pytest.mark.parametrize("keepdims", [False, True])
def test_argmax_is_numpys(axis, keepdims):
    x = np.random.default_rng(0).integers(0, 3, (5, 7))
    found = bpnet.get_backend("numpy").xp.argmax(x, axis=axis, keepdims=keepdims)
    assert np.array_equal(found, np.argmax(x, axis=axis, keepdims=keepdims))
