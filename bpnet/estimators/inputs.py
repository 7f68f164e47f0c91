"""Samples, targets and weights as users give them, checked as scikit-learn checks them.

What NumPy reads is checked by scikit-learn itself; arrays of other libraries stay where they are,
and are checked there by the same rules.
"""

from __future__ import annotations

import warnings
from typing import Any, NoReturn

import numpy as np

from ..backends import Array, Backend
from ..backends.dtypes import DTYPES
from ..data.sparse import is_sparse
from .places import backend_of, is_at, on_host, values_of
from .scikit_learn import (
    DataConversionWarning,
    check_array,
    check_consistent_length,
    check_sample_weight,
    column_or_1d,
    type_of_target,
    validate_data,
)

__all__ = [
    "checked_answers",
    "checked_pair",
    "checked_samples",
    "checked_weights",
    "is_multilabel",
]

_RESHAPE = (
    "Reshape your data either using array.reshape(-1, 1) if your data has a single feature or "
    "array.reshape(1, -1) if it contains a single sample."
)


def checked_samples(estimator: Any, X: Any, *, reset: bool) -> Any:
    """Samples: floating NumPy arrays and CSR or CSC matrices, or arrays that stay where they are.

    Parameters
    ----------
    estimator : BaseEstimator
    X : array, frame or sparse matrix, shape (n, n_features)
    reset : bool
        Whether the estimator learns the number and names of features; else X must have the same.

    Raises
    ------
    ValueError
        If X is anything else, has no sample, or a value is not finite.
    """
    own = backend_of(X)
    if own is None:
        return validate_data(
            estimator,
            X,
            accept_sparse=["csr", "csc"],
            dtype=(np.float64, np.float32),
            reset=reset,
        )
    with own.scope():
        return _checked_array(estimator, X, own, reset)


def checked_pair(
    estimator: Any, X: Any, y: Any, *, reset: bool, numeric: bool = False
) -> tuple[Any, Any]:
    """Samples as by `checked_samples`, and y, in NumPy or where X is.

    Parameters
    ----------
    estimator : BaseEstimator
    X : array, frame or sparse matrix, shape (n, n_features)
    y : array-like, shape (n,) or (n, n_outputs)
        A single column is taken for one dimension, with a warning.
    reset : bool
        As for `checked_samples`.
    numeric : bool, optional
        Whether y are numbers, not labels.

    Raises
    ------
    ValueError
        If one is wrong by itself, or they disagree in length.
    """
    own = backend_of(X)
    if own is None:
        X, y = validate_data(
            estimator,
            X,
            on_host(y),
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=numeric,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        return X, _one_column(_as_numbers(y, estimator) if numeric else y)
    if y is None:
        validate_data(estimator, X, y, skip_check_array=True, reset=reset)  # which says so
    with own.scope():
        X = _checked_array(estimator, X, own, reset)
        y = _checked_targets(estimator, y, own, numeric)
    check_consistent_length(X, y)
    return X, y


def checked_weights(sample_weight: Any, samples: int) -> Any:
    """Weights of samples, which may be negative nowhere, in NumPy, shape (n,); None stays None."""
    if sample_weight is None:
        return None
    beside = np.broadcast_to(0.0, (samples, 1))
    return check_sample_weight(on_host(sample_weight), beside, ensure_non_negative=True)


def checked_answers(
    estimator: Any, y: Any, said: Array, sample_weight: Any, own: Backend
) -> tuple[Array, Array, Any]:
    """What is right and what was predicted, of one backend and dtype, and weights in NumPy.

    Parameters
    ----------
    estimator : BaseEstimator
    y : array-like, shape (m,) or (m, n_outputs)
    said : array, shape (m,) or (m, n_outputs)
    sample_weight : array-like, shape (m,), or None
    own : Backend
        Of what was predicted.

    Raises
    ------
    ValueError
        If y is nothing of the kind that was predicted.
    """
    xp = own.xp
    y = _checked_targets(estimator, y, own, numeric=False)
    check_consistent_length(said, y)
    if not is_at(y, own):
        if is_sparse(y) or y.dtype.kind not in "biuf":
            raise ValueError(
                f"y must hold numbers, as what is predicted, {said.dtype}, not {y.dtype}"
            )
        y = own.from_host(y, y.dtype.name)
    if (*y.shape,) != (*said.shape,):
        raise ValueError(f"y has shape {(*y.shape,)}, but {(*said.shape,)} was predicted")
    floating = [xp.isdtype(one.dtype, "real floating") for one in (y, said)]
    if floating == [True, False]:
        said = xp.astype(said, y.dtype)
    else:
        y = xp.astype(y, said.dtype)
    return y, said, checked_weights(sample_weight, said.shape[0])


def is_multilabel(y: Any) -> bool:
    """Whether y are rows of labels rather than one label for each sample."""
    if backend_of(y) is None:
        return str(type_of_target(y)).startswith("multilabel")
    return bool(y.ndim == 2 and y.shape[1] > 1)


def _checked_array(estimator: Any, X: Any, own: Backend, reset: bool) -> Any:
    """Samples in an array of another library, or its sparse matrix, with a floating dtype."""
    name = type(estimator).__name__
    _refuse_complex(X, own)
    if not is_sparse(X):
        X = own.to_dtype(X, "X", _float_dtype(X, own))
    if X.ndim < 2:
        kind = "1D array" if X.ndim else "scalar array"
        raise ValueError(f"Expected 2D array, got {kind} instead, shape {(*X.shape,)}.\n{_RESHAPE}")
    if X.ndim > 2:
        raise ValueError(f"Found array with dim {X.ndim}, while dim <= 2 is required by {name}.")
    for size, what in zip(X.shape, ("sample", "feature"), strict=True):
        if size < 1:
            raise ValueError(
                f"Found array with 0 {what}(s) (shape={(*X.shape,)}) while a minimum of 1 is "
                f"required by {name}."
            )
    _check_finite(values_of(X), "X", own)
    return validate_data(estimator, X, skip_check_array=True, reset=reset)


def _checked_targets(estimator: Any, y: Any, own: Backend, numeric: bool) -> Any:
    if not is_at(y, own):
        y = on_host(y)
        if not isinstance(y, list):  # whose entries say most of what kind of labels they are
            y = np.asarray(y) if not is_sparse(y) and hasattr(y, "__array__") else y
        y = check_array(
            y,
            accept_sparse="csr",
            ensure_2d=False,
            dtype=None,
            input_name="y",
            estimator=estimator,
        )
        return _one_column(_as_numbers(y, estimator) if numeric else y)
    _refuse_complex(y, own)
    floating = own.xp.isdtype(y.dtype, "real floating")
    if floating or numeric:
        y = own.to_dtype(y, "y", _float_dtype(y, own))
        _check_finite(y, "y", own)
    if y.ndim not in (1, 2):
        raise ValueError(
            f"Found array with dim {y.ndim}, while dim <= 2 is required by "
            f"{type(estimator).__name__}."
        )
    if y.shape[0] < 1:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={(*y.shape,)}) while a minimum of 1 is required."
        )
    if y.ndim == 2 and y.shape[1] == 1:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected. Please change the shape of "
            "y to (n_samples, ), for example using ravel().",
            DataConversionWarning,
            stacklevel=2,
        )
        y = own.xp.reshape(y, (-1,))
    return y


def _as_numbers(y: Any, estimator: Any) -> Any:
    """Targets of a regression: no text, no dates, no sparse matrix.

    Raises
    ------
    TypeError
        If they are anything else than numbers.
    """
    name = type(estimator).__name__
    if is_sparse(y):
        raise TypeError(f"y is a sparse matrix, which {name} does not take: give y.toarray()")
    if y.dtype.kind == "O":
        return y.astype(np.float64)
    if y.dtype.kind not in "biuf":
        raise TypeError(
            f"y has dtype {y.dtype}, but {name} learns numbers: numpy.asarray(y, float) reads them "
            "from text, and class labels are for MLPClassifier"
        )
    return y


def _one_column(y: Any) -> Any:
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y


def _float_dtype(x: Any, own: Backend) -> str:
    """What an array is computed in: its own type, or the widest that the device has."""
    name = str(x.dtype).rpartition(".")[2]
    if name in DTYPES:
        return name
    info = getattr(own.xp, "__array_namespace_info__", None)
    has = info is None or "float64" in info().dtypes(kind="real floating")
    return "float64" if has and not own.why_no_dtype("float64") else "float32"


def _refuse_complex(x: Any, own: Backend) -> None:
    if own.xp.isdtype(x.dtype, "complex floating"):
        raise ValueError(f"Complex data not supported, but an array has dtype {x.dtype}.")


def _check_finite(x: Array, name: str, own: Backend) -> None:
    if own.all_finite(x):
        return
    _refuse_not_finite(x, name, own.xp)


def _refuse_not_finite(x: Array, name: str, xp: Any) -> NoReturn:
    """Raise the error of scikit-learn, with the place of the first such value."""
    missing = bool(xp.any(xp.isnan(x)))
    bad = xp.reshape(xp.isnan(x) if missing else ~xp.isfinite(x), (-1,))
    place = np.unravel_index(int(xp.argmax(xp.astype(bad, xp.int32))), (*x.shape,))
    what = (
        "NaN" if missing else f"infinity or a value too large for {str(x.dtype).rpartition('.')[2]}"
    )
    where = ", ".join(
        f"{word} {k}" for word, k in zip(("row", "column"), map(int, place), strict=False)
    )
    raise ValueError(f"Input {name} contains {what} ({where}).")
