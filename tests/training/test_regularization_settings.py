"""Penalties, bounds and weights out of range."""

import math

import numpy as np
import pytest
from training._fits import N, assert_refused

import bpnet
from bpnet.training import StepConfig

ONES = np.ones(N)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"l1": -0.1}, ValueError, "l1 must be at least 0 and finite, not -0.1"),
        ({"l1": "0.1"}, TypeError, "l1 must be a number, not '0.1'"),
        ({"l2": None}, TypeError, "l2 must be a number, not None"),
        ({"clip_value": -1}, ValueError, "clip_value must be at least 0 and finite, not -1"),
        ({"clip_norm": math.nan}, ValueError, "clip_norm must be at least 0 and finite, not nan"),
        ({"max_norm": math.inf}, ValueError, "max_norm must be at least 0 and finite, not inf"),
        ({"average": 1.0}, ValueError, "average must be at least 0 and less than 1, not 1"),
        ({"accumulate": 0}, ValueError, "accumulate must be at least 1, not 0"),
        ({"accumulate": 2.0}, TypeError, "accumulate must be an integer, not 2.0"),
        ({"label_smoothing": 1.0}, ValueError, "label_smoothing must be .* less than 1, not 1"),
        ({"label_smoothing": -0.1}, ValueError, "label_smoothing must be at least 0 .* not -0.1"),
        (
            {"sample_weight": ONES[1:]},
            ValueError,
            rf"sample_weight has shape \({N - 1},\), but there are {N} samples",
        ),
        ({"sample_weight": ONES[:, None]}, ValueError, rf"has shape \({N}, 1\).* must be \({N},\)"),
        ({"sample_weight": 0 * ONES}, ValueError, "sample_weight goes from 0 to 0"),
        ({"sample_weight": ONES - 2 * (np.arange(N) == 3)}, ValueError, "goes from -1 to 1"),
        ({"sample_weight": np.where(np.arange(N) == 3, np.inf, 1)}, ValueError, "from 1 to inf"),
        ({"sample_weight": ["a"] * N}, TypeError, "sample_weight holds text, such as 'a'"),
        ({"class_weight": "balance"}, TypeError, "must be a dict or \"balanced\", not 'balance'"),
        ({"class_weight": ONES[:3]}, TypeError, r"must be a dict or \"balanced\", not an array"),
        ({"class_weight": {3: 1.0}}, ValueError, "has class 3: classes are 0 to 2"),
        ({"class_weight": {"a": 1.0}}, ValueError, "has class 'a': classes are 0 to 2"),
        ({"class_weight": {1: -1.0}}, ValueError, "weight of class 1 must be .* not -1.0"),
        ({"class_weight": {1: "a"}}, TypeError, "weight of class 1 must be a number, not 'a'"),
        ({"class_weight": dict.fromkeys(range(3), 0.0)}, ValueError, f"each of the {N} samples"),
    ],
)
def test_settings_out_of_range_raise_and_change_nothing(data, options, error, words):
    assert_refused(data, options, error, words)


@pytest.mark.parametrize(
    "options", [{"class_weight": "balanced"}, {"label_smoothing": 0.1}], ids=str
)
def test_what_is_of_classes_raises_in_regression(data, options):
    net = bpnet.Network([4, 3], cost="huber", seed=0)
    (what,) = options
    with pytest.raises(ValueError, match=f"{what} is for classification, and the task is regres"):
        net.fit(data[0], data[0][:, :3], epochs=1, batch_size=5, **options)


def test_numbers_of_numpy_will_do():
    one = StepConfig(bpnet.SGD(0.1), l1=np.float32(0.5), accumulate=np.int64(2))
    assert (type(one.l1), type(one.accumulate)) == (float, int)
