"""R2, of NumPy arrays and by sums."""

import numpy as np

from bpnet import metrics


def test_r2_of_constant_targets_is_one_where_met_and_zero_where_not():
    y = np.full((5, 1), 0.1)
    assert metrics.R2()(y, y) == 1.0
    assert metrics.R2()(y, y + 1) == 0.0
    assert metrics.R2()(y[:1], y[:1]) == 1.0
    assert metrics.R2()(y[:1], y[:1] + 1) == 0.0
