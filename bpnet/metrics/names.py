"""The metrics by name."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from .._lib.registry import canonical
from .accuracy import Accuracy
from .auc import AUC
from .base import Metric
from .classification import AVERAGES, F1, BalancedAccuracy, TopKAccuracy
from .log_loss import LogLoss
from .r2 import R2
from .regression import MAE, MSE, RMSE

__all__ = ["ALIASES", "BUILT_IN", "by_name", "is_taken"]

_TOP_K = r"top_(\d+)_accuracy"  # compiled at first use

BUILT_IN: dict[str, Callable[[], Metric]] = {
    "accuracy": Accuracy,
    "auc": AUC,
    "balanced_accuracy": BalancedAccuracy,
    "f1": F1,
    **{f"f1_{average}": functools.partial(F1, average) for average in AVERAGES},
    "log_loss": LogLoss,
    "mae": MAE,
    "mse": MSE,
    "r2": R2,
    "rmse": RMSE,
    "top_5_accuracy": TopKAccuracy,
}
ALIASES = {
    "acc": "accuracy",
    "accuracy_score": "accuracy",
    "balanced_accuracy_score": "balanced_accuracy",
    "f1_score": "f1",
    "roc_auc": "auc",
    "roc_auc_score": "auc",
    "auroc": "auc",
    "mean_absolute_error": "mae",
    "mean_squared_error": "mse",
    "root_mean_squared_error": "rmse",
    "r2_score": "r2",
    "top_k_categorical_accuracy": "top_5_accuracy",
}
"""Names that other libraries use; a history has bpnet's own."""


def by_name(name: str) -> Metric:
    """The metric of that name; raises ValueError if there is none."""
    if top := re.fullmatch(_TOP_K, name):
        return TopKAccuracy(int(top[1]))
    return BUILT_IN[canonical(name, BUILT_IN, ALIASES, "metric")]()


def is_taken(name: str) -> bool:
    """Whether the name is that of one of bpnet's own figures."""
    return name == "cost" or name in BUILT_IN or re.fullmatch(_TOP_K, name) is not None
