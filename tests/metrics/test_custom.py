"""Functions as metrics."""

import numpy as np
import pytest

from bpnet import metrics


def test_a_function_becomes_a_metric():
    def spread_error(y, a):
        return np.ptp(a - y)

    metric = metrics.get(spread_error)
    assert (metric.name, metric.lower_is_better, metric.task) == ("spread_error", True, None)
    assert metric([[1.0], [2.0]], [[1.0], [3.0]]) == 1.0
    other = metrics.CustomMetric(spread_error, name="spread", lower_is_better=False)
    assert (other.name, other.lower_is_better) == ("spread", False)
    assert metric == metrics.get(spread_error)
    assert metric != other


def test_scikit_learns_own_functions_will_do(sk):
    metric = metrics.get(sk.median_absolute_error)
    assert (metric.name, metric.lower_is_better) == ("median_absolute_error", True)
    assert metric([[1.0], [2.0]], [[1.0], [4.0]]) == 1.0
    assert metrics.get(sk.explained_variance_score).lower_is_better is False


def test_a_function_must_return_a_number():
    def none(y, a):
        pass

    with pytest.raises(TypeError, match="the metric 'none' must return a number, not None"):
        metrics.get(none)([[1.0]], [[1.0]])
