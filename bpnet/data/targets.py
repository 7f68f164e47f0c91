"""Targets as a user gives them, class labels or rows, checked and brought to the device."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._lib.wording import in_code
from ..backends import Array, Backend
from ..backends.host_arrays import host_array, refuse_masked
from ..backends.interop import device_of, library_of
from ..costs import CategoricalCrossEntropy, Cost
from .array_checks import check_finite, holds_integers

__all__ = ["LARGEST_SUM_ERROR", "as_targets", "target_kind"]

LARGEST_SUM_ERROR = 1e-3
"""By which the sum of a row of probabilities may miss 1."""


def as_targets(
    y: Any,
    m: int,
    *,
    backend: Backend,
    width: int,
    task: str,
    cost: Cost,
    names: tuple[str, str] = ("x", "y"),
) -> tuple[Array, bool]:
    """Targets as a floating array on the device, and whether they were class labels.

    Parameters
    ----------
    y : array-like, shape (m, ``width``), or (m,) of class labels
        With one output also (m,) of numbers.
    m : int
        Number of samples.
    backend : Backend
    width : int
        Number of outputs of the network, n_L.
    task : {"classification", "multilabel", "regression"}
        Integers of shape (m,) are class labels in classification only.
    cost : Cost
        Whose range of targets is held to.
    names : pair of str, optional
        What messages call the samples and the targets.

    Returns
    -------
    rows : array, shape (m, ``width``)
        In the backend's library and dtype; labels are one-hot encoded, or kept as 0 and 1 with
        one output.
    labelled : bool

    Raises
    ------
    ValueError
        If the number of samples or outputs disagrees, a label is out of range, or a value is not
        finite or outside the range of the cost.
    TypeError
        If y belongs to another library or device, or holds no numbers.
    """
    name = names[1]
    backend.reject_foreign(y, name)
    if y is None:
        raise TypeError(f"{name} is missing: each sample in {names[0]} needs a target")
    if not backend.owns(y) or library_of(y) == "numpy":
        y = host_array(y, name)
    else:
        refuse_masked(y, name)
    if y.ndim not in (1, 2):
        raise ValueError(
            f"{name} has {y.ndim} dimensions, shape {tuple(y.shape)}: it must have 1 or 2"
        )
    if y.shape[0] != m:
        raise ValueError(
            f"{names[0]} has {m} samples, {name} has {y.shape[0]}: each row of one needs "
            "a row of the other"
        )
    if y.ndim == 1 and task == "classification" and holds_integers(y):
        return _from_labels(y, name, width, backend), True
    if y.ndim == 1 and width > 1:
        if task == "classification":
            hint = _why_no_labels(y, name, backend)
        elif task == "multilabel":
            hint = "a 0 or 1 for each label"
        else:
            hint = "class labels are for softmax or sigmoid outputs or a cross-entropy"
        raise ValueError(
            f"the output layer has {width} neurons, but {name} has one number per sample: give "
            f"rows of {width} targets ({hint})"
        )
    own = backend.asarray(y, name)
    if own.ndim == 1:
        own = own[:, None]
    if own.shape[1] != width:
        hint = f"; for class labels {name}.ravel()" if own.shape[1] == 1 else ""
        raise ValueError(
            f"the output layer has {width} neurons, {name} has {own.shape[1]} columns{hint}"
        )
    check_finite(own, y, name, backend)
    _check_allowed(own, name, cost, backend.xp)
    return own, False


def target_kind(y: Array, xp: Any) -> str:
    """What rows of targets are.

    Parameters
    ----------
    y : array, shape (m, n_L)
    xp : namespace

    Returns
    -------
    {"classes", "labels", "numbers"}
        A single column of zeros and ones, or one-hot rows; other rows of zeros and ones; other
        rows.
    """
    if not bool(xp.all((y == 0.0) | (y == 1.0))):
        return "numbers"
    one_hot = y.shape[1] == 1 or bool(xp.all(xp.sum(y, axis=1) == 1.0))
    return "classes" if one_hot else "labels"


def _why_no_labels(y: Any, name: str, backend: Backend) -> str:
    """What keeps numbers, one per sample, from being class labels."""
    numbers = backend.to_numpy(y) if backend.owns(y) else y
    missing = np.flatnonzero(~np.isfinite(numbers))
    if missing.size:
        row = missing[0]
        return (
            f"row {row} is {numbers[row]}, which is not a class label: leave out such samples, "
            f"{missing.size} of {numbers.size}; the labels must then be integers"
        )
    if (numbers == np.round(numbers)).all():
        return f"class labels must be integers, not {y.dtype}: numpy.asarray({in_code(name)}, int)"
    return "class labels must be integers"


def _from_labels(y: Any, name: str, width: int, backend: Backend) -> Array:
    """Rows with a one at the label; with one output the labels 0 and 1 themselves."""
    xp, count = backend.xp, max(width, 2)
    if not backend.owns(y):
        low, high = int(y.min()), int(y.max())  # before a large one is wrapped around
    else:
        whole = xp.astype(y, xp.int32) if str(y.dtype).endswith("bool") else y
        low, high = int(xp.min(whole)), int(xp.max(whole))
    if low < 0 or high >= count:
        written = in_code(name)
        raise ValueError(
            f"labels in {name} go from {low} to {high}, but with {width} "
            f"output{'s' * (width > 1)} they must be from 0 to {count - 1}: give the output layer "
            f"a neuron for each class, and number the classes from 0, as classes, {written} = "
            f"numpy.unique({written}, return_inverse=True) does"
        )
    if width > 1 and not backend.owns(y) and backend.device.startswith("cpu"):
        ones = y.astype(np.int32)[:, None] == np.arange(width, dtype=np.int32)
        return backend.from_host(ones, backend.dtype)  # JAX would compile it for each number
    rows = backend.asarray(y, name, "int32")[:, None]
    if width > 1:
        rows = rows == xp.arange(width, dtype=xp.int32, device=device_of(rows))[None, :]
    return xp.astype(rows, getattr(xp, backend.dtype))


def _check_allowed(y: Array, name: str, cost: Cost, xp: Any) -> None:
    low, high = cost.targets
    if low > -math.inf or high < math.inf:
        found = float(xp.min(y)), float(xp.max(y))
        if found[0] < low or found[1] > high:
            raise ValueError(
                f"{name} goes from {found[0]:g} to {found[1]:g}, but the cost {cost.name} "
                f"takes targets from {low:g} to {high:g}: scale them, or use cost='quadratic' with "
                "identity outputs"
            )
    if isinstance(cost, CategoricalCrossEntropy):
        off = xp.abs(xp.sum(y, axis=1) - 1.0)
        worst = int(xp.argmax(off))
        if float(off[worst]) > LARGEST_SUM_ERROR:
            raise ValueError(
                f"row {worst} of {name} sums to {float(xp.sum(y[worst, :])):g}, but the cost "
                f"{cost.name} takes probabilities, whose sum is 1; several labels at once need "
                "sigmoid outputs and cost='binary_cross_entropy'"
            )
