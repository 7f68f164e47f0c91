"""Sums as products with ones."""

import numpy as np
import pytest

from bpnet.compiler.targets.sums import as_factor


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("shape", [(3, 4), (1, 4), (3, 1)])
def test_a_product_with_ones_is_a_sum(shape, axis):
    x = np.random.default_rng(0).random(shape)
    expected = x.sum(axis)
    out = np.empty(expected.shape)
    factor, matrix = as_factor(np.ones(shape[axis]), out, axis)
    factors = [x]
    factors.insert(axis, factor)
    np.matmul(*factors, out=matrix)
    np.testing.assert_allclose(out, expected, rtol=1e-15)
