"""Metrics: how well outputs match targets, as scikit-learn's of the same names, on NumPy arrays.

Samples are rows: targets ``y`` and outputs ``a`` are (m, n_L). In classification the class of a row
is the index of its largest entry, the first of equals; with one output, whether it exceeds a half.
If a metric is not defined, as the AUC of a single class, it raises; none returns NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lib.lazy import lazy_attributes

if TYPE_CHECKING:
    from .accuracy import Accuracy
    from .auc import AUC
    from .base import Metric
    from .classification import F1, BalancedAccuracy, TopKAccuracy
    from .custom import CustomMetric
    from .log_loss import LogLoss
    from .names import ALIASES as ALIASES
    from .names import BUILT_IN as BUILT_IN
    from .r2 import R2
    from .registry import get, get_all
    from .regression import MAE, MSE, RMSE

__all__ = [
    "AUC",
    "F1",
    "MAE",
    "MSE",
    "R2",
    "RMSE",
    "Accuracy",
    "BalancedAccuracy",
    "CustomMetric",
    "LogLoss",
    "Metric",
    "TopKAccuracy",
    "get",
    "get_all",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "AUC": "auc",
        "ALIASES": "names",
        "BUILT_IN": "names",
        "F1": "classification",
        "MAE": "regression",
        "MSE": "regression",
        "R2": "r2",
        "RMSE": "regression",
        "Accuracy": "accuracy",
        "BalancedAccuracy": "classification",
        "CustomMetric": "custom",
        "LogLoss": "log_loss",
        "Metric": "base",
        "TopKAccuracy": "classification",
        "get": "registry",
        "get_all": "registry",
    },
)
