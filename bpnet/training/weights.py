"""Weights of samples and classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from .._lib.wording import described, listing
from ..backends import Array, Backend
from ..backends.host_arrays import host_array, refuse_masked
from ..backends.interop import library_of

__all__ = ["host_weights", "weights_of", "with_weights"]


def weights_of(
    sample_weight: Any,
    class_weight: Any,
    y: Array,
    *,
    backend: Backend,
    task: str,
    classes: Sequence[str] | None = None,
) -> tuple[np.ndarray[Any, Any] | None, float | None]:
    """The weight of each sample, shape (m,), on the host, and their mean; None if none were given.

    The weights are divided by their mean, as for costs only their proportions count.

    Parameters
    ----------
    sample_weight : array, shape (m,), or None
        In NumPy or the network's library.
    class_weight : dict of int or str to float, "balanced" or None
        Of each class, by index or label; ``"balanced"`` makes all classes count the same.
    y : array, shape (m, n_L)
        Rows of targets, on the device.
    backend : Backend
    task : {"classification", "multilabel", "regression"}
    classes : sequence of str, optional
        Their labels.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, all are 0, or a number or class disagrees.
    TypeError
        If weights are no numbers, or in another library or on another device.
    """
    weights, scale = None, 1.0
    if sample_weight is not None:
        weights = host_weights(sample_weight, y.shape[0], backend)
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
            raise ValueError(
                f"sample_weight goes from {weights.min():g} to {weights.max():g}: weights must be "
                "finite and at least 0, and at least one must be greater"
            )
        weights, scale = _in_range(weights)
    if class_weight is not None:
        if task != "classification":
            raise ValueError(
                f"class_weight is for classification, and the task is {task}: leave it out, or "
                "give sample_weight"
            )
        rows = backend.to_numpy(y)
        labels = (rows[:, 0] > 0.5).astype(int) if rows.shape[1] == 1 else rows.argmax(axis=1)
        found = _factors(class_weight, labels, max(rows.shape[1], 2), classes or ())[labels]
        weights = found if weights is None else weights * found
        if not weights.any():
            raise ValueError(
                f"class_weight {class_weight!r} leaves each of the {len(labels)} samples a weight "
                "of 0: at least one must have more"
            )
    if weights is None:
        return None, None
    weights, last = _in_range(weights)
    mean = weights.mean()
    return weights / mean, float(mean * scale * last)


def host_weights(sample_weight: Any, m: int, backend: Backend) -> np.ndarray[Any, Any]:
    """The weights of m samples, shape (m,), in NumPy.

    Raises
    ------
    ValueError
        If there are more or fewer.
    TypeError
        If weights are no numbers, or in another library or on another device.
    """
    backend.reject_foreign(sample_weight, "sample_weight")
    if backend.owns(sample_weight) and library_of(sample_weight) != "numpy":
        refuse_masked(sample_weight, "sample_weight")
        sample_weight = backend.to_numpy(sample_weight)
    weights = host_array(sample_weight, "sample_weight").astype(np.float64)
    if weights.shape != (m,):
        raise ValueError(
            f"sample_weight has shape {weights.shape}, but there are {m} samples: it must be ({m},)"
        )
    return weights


def with_weights(y: Array, weights: np.ndarray[Any, Any] | None, backend: Backend) -> Array:
    """Targets with the weights as a last column; without weights as they were."""
    if weights is None:
        return y
    column = backend.asarray(weights[:, None], "sample_weight")
    return backend.xp.concat([y, column], axis=1)


def _in_range(weights: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], float]:
    """Weights divided by a power of two, so that their sum and products are finite; that power."""
    exponent = np.frexp(weights.max())[1]
    return np.ldexp(weights, -exponent), float(np.ldexp(1.0, exponent))


def _factors(
    class_weight: Any, labels: np.ndarray[Any, Any], n: int, classes: Sequence[str]
) -> np.ndarray[Any, Any]:
    """The weight of each class."""
    if isinstance(class_weight, str) and class_weight == "balanced":
        counts = np.bincount(labels, minlength=n)
        found: np.ndarray[Any, Any] = len(labels) / (
            np.count_nonzero(counts) * np.maximum(counts, 1)
        )
        return found
    if not isinstance(class_weight, Mapping):
        raise TypeError(f'class_weight must be a dict or "balanced", not {described(class_weight)}')
    factors = np.ones(n)
    for label, weight in class_weight.items():
        index = classes.index(label) if label in classes else label
        if index not in range(n):
            known = f"{listing(classes)}, or " if classes else ""
            raise ValueError(f"class_weight has class {label!r}: classes are {known}0 to {n - 1}")
        if not isinstance(weight, Real):
            raise TypeError(
                f"the weight of class {label} must be a number, not {described(weight)}"
            )
        if not 0.0 <= float(weight) < np.inf:
            raise ValueError(
                f"the weight of class {label} must be at least 0 and finite, not {weight}"
            )
        factors[int(index)] = weight
    return factors
