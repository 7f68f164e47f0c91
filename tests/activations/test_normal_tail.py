"""The tail of the normal distribution against mpmath."""

import mpmath as mp
import numpy as np
import pytest

from bpnet.activations.normal_tail import tail


def exact(x):
    with mp.workdps(50):
        x = mp.mpf(x)
        return mp.erfc(x / mp.sqrt(2)) / 2 * mp.exp(x * x / 2)


@pytest.mark.parametrize(("dtype", "end", "most"), [("float32", 14.0, 5.0), ("float64", 39.0, 7.0)])
def test_its_digits(dtype, end, most):
    x = np.concatenate([np.linspace(0.0, 2.0, 301), np.linspace(2.0, end, 301)]).astype(dtype)
    found = tail(x, np)
    assert found.dtype == dtype
    for one, y in zip(x.tolist(), found.tolist(), strict=True):
        right = exact(one)
        assert abs(y - right) <= most * np.spacing(found.dtype.type(float(right))), one


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_beyond_its_range_it_stays_small_and_positive(dtype):
    """As what it is multiplied by is 0 there."""
    found = tail(np.linspace(14.0, 40.0, 200).astype(dtype), np)
    assert (found > 0.0).all()
    assert (found < 0.03).all()
