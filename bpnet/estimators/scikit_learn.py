"""What the estimators take from scikit-learn, some of it not public there: in this file only."""

from __future__ import annotations

from .._lib.install import pip_install

try:
    from sklearn.base import (
        BaseEstimator,
        ClassifierMixin,
        RegressorMixin,
        _fit_context,
        is_classifier,
    )
    from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
    from sklearn.metrics import accuracy_score, r2_score
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import LabelBinarizer
    from sklearn.utils import (
        check_array,
        check_consistent_length,
        check_random_state,
        column_or_1d,
    )
    from sklearn.utils._param_validation import (
        Interval,
        InvalidParameterError,
        Options,
        StrOptions,
    )
    from sklearn.utils.class_weight import compute_sample_weight
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import type_of_target, unique_labels
    from sklearn.utils.validation import _check_sample_weight as check_sample_weight
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        "bpnet.MLPClassifier and bpnet.MLPRegressor need scikit-learn 1.9 or newer: "
        f"{pip_install('scikit-learn')} ({error})"
    ) from error

__all__ = [
    "BaseEstimator",
    "ClassifierMixin",
    "ConvergenceWarning",
    "DataConversionWarning",
    "Interval",
    "InvalidParameterError",
    "LabelBinarizer",
    "Options",
    "RegressorMixin",
    "StrOptions",
    "accuracy_score",
    "available_if",
    "check_array",
    "check_consistent_length",
    "check_is_fitted",
    "check_random_state",
    "check_sample_weight",
    "column_or_1d",
    "compute_sample_weight",
    "fit_context",
    "is_classifier",
    "r2_score",
    "train_test_split",
    "type_of_target",
    "unique_labels",
    "validate_data",
]

fit_context = _fit_context(prefer_skip_nested_validation=True)
"""Decorator of ``fit``: checks the estimator's parameters first."""
