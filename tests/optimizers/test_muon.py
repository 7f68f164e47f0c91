"""Muon's orthogonalization."""

import numpy as np
import pytest
from _backends import relative

from bpnet.optimizers.muon import orthogonalized


@pytest.mark.parametrize("shape", [(5, 5), (3, 9), (20, 4), (1, 7), (7, 1)])
def test_singular_values_come_near_one(shape):
    matrix = np.random.default_rng(0).standard_normal(shape)
    u, _, vt = np.linalg.svd(matrix, full_matrices=False)
    found = orthogonalized(matrix, np)
    assert found.shape == shape
    values = u.T @ found @ vt.T
    assert np.allclose(values, np.diag(np.diag(values)), atol=1e-12)
    assert np.all(np.diag(values) > 0.3)
    assert np.all(np.diag(values) < 1.25)
    assert relative(orthogonalized(1e3 * matrix, np), found) < 1e-12
    assert not orthogonalized(0.0 * matrix, np).any()
