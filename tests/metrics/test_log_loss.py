"""The logarithmic loss."""

import math

import numpy as np
import pytest

from bpnet import metrics


def test_the_machine_precision_of_the_outputs_bounds_the_log_loss(sk):
    y = np.asarray([[1.0, 0.0], [0.0, 1.0]])
    for dtype, rel in (("float64", 1e-12), ("float32", 1e-5)):
        a = np.asarray([[0.0, 1.0], [0.0, 1.0]], dtype=dtype)
        assert metrics.LogLoss()(y, a) == pytest.approx(sk.log_loss([0, 1], a), rel=rel)


def test_log_loss_takes_probabilities_as_targets():
    y, a = np.asarray([[0.3, 0.7], [0.9, 0.1]]), np.asarray([[0.2, 0.8], [0.6, 0.4]])
    expected = -(y * np.log(a)).sum(axis=1).mean()
    assert metrics.LogLoss()(y, a) == pytest.approx(expected, rel=1e-12)
    assert metrics.LogLoss()(y[:, 1:], a[:, 1:]) == pytest.approx(expected, rel=1e-12)


def test_log_loss_divides_rows_of_separate_sigmoids_by_their_sum():
    y, a = np.eye(3), np.asarray([[0.9, 0.6, 0.3], [0.2, 0.2, 0.1], [0.0, 0.0, 0.0]])
    expected = -np.mean([math.log(0.5), math.log(0.4), math.log(1 / 3)])
    assert metrics.LogLoss()(y, a) == pytest.approx(expected, rel=1e-12)


def test_what_log_loss_does_not_take():
    with pytest.raises(ValueError, match="outputs from 0 to 1, they go from -1 to 2"):
        metrics.LogLoss()([[1], [0]], [[-1.0], [2.0]])
    with pytest.raises(ValueError, match="row 1 of y sums to 2"):
        metrics.LogLoss()([[1, 0], [1, 1]], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(ValueError, match="targets from 0 to 1, they go from 0 to 3"):
        metrics.LogLoss()([[3], [0]], [[0.5], [0.5]])
