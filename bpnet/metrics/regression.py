"""Errors of regression."""

from __future__ import annotations

import numpy as np

from .base import Metric, Rows

__all__ = ["MAE", "MSE", "RMSE"]


class MAE(Metric):
    """Mean absolute error, the mean over the outputs.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.MAE()([[1.0], [2.0]], [[1.0], [5.0]])
    1.5
    """

    name = "mae"
    lower_is_better = True
    task = "regression"

    def value(self, y: Rows, a: Rows) -> float:
        return float(np.abs(a - y).mean())


class MSE(Metric):
    """Mean squared error, the mean over the outputs.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.MSE()([[1.0], [2.0]], [[1.0], [5.0]])
    4.5
    """

    name = "mse"
    lower_is_better = True
    task = "regression"

    def value(self, y: Rows, a: Rows) -> float:
        return float(((a - y) ** 2).mean())


class RMSE(Metric):
    """Root of the mean squared error, the mean over the outputs.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.RMSE()([[1.0], [2.0]], [[4.0], [5.0]])
    3.0
    """

    name = "rmse"
    lower_is_better = True
    task = "regression"

    def value(self, y: Rows, a: Rows) -> float:
        return float(np.sqrt(((a - y) ** 2).mean(axis=0)).mean())
