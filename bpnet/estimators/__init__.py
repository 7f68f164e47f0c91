"""scikit-learn estimators: multilayer perceptrons with its own interface and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lib.lazy import lazy_attributes

if TYPE_CHECKING:
    from .classifier import MLPClassifier
    from .regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]

__getattr__ = lazy_attributes(
    __name__, {"MLPClassifier": "classifier", "MLPRegressor": "regressor"}
)
