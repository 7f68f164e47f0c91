"""R2, of NumPy arrays and by sums."""

import math

import numpy as np

import bpnet
from bpnet import metrics


def test_r2_of_constant_targets_is_one_where_met_and_zero_where_not():
    y = np.full((5, 1), 0.1)
    assert metrics.R2()(y, y) == 1.0
    assert metrics.R2()(y, y + 1) == 0.0
    assert metrics.R2()(y[:1], y[:1]) == 1.0
    assert metrics.R2()(y[:1], y[:1] + 1) == 0.0


def test_r2_of_targets_whose_squares_overflow_is_no_number():
    """Unexplained / infinite would be 0, and R2 that of a perfect fit."""
    y = np.array([[1e200], [-1e200]])
    with np.errstate(over="ignore"):
        assert math.isnan(metrics.R2()(y, y * (1.0 + 1e-60)))


def test_r2_of_a_fit_whose_sums_overflow_is_no_number(target):
    x = np.random.default_rng(0).standard_normal((200, 1))
    net = bpnet.Network([1, 1], activations=["identity"], backend=target.backend("float32"), seed=0)
    history = net.fit(x, 2e18 * x, epochs=1, batch_size=20, optimizer=bpnet.SGD(0.5))
    assert 1e34 < history["train_cost"][-1] < math.inf
    assert math.isnan(history["train_r2"][-1])
