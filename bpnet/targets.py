"""What a user gives as samples and labels, checked and brought to the device."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from .backends import Array, Backend
from .backends.interop import device_of, host_array, library_of
from .costs import CategoricalCrossEntropy

if TYPE_CHECKING:
    from .network import Network

__all__ = ["as_inputs", "as_targets"]


def as_inputs(x: Any, width: int, backend: Backend, name: str = "x") -> Array:
    """Samples as a floating array on the device, shape (m, ``width``).

    Raises
    ------
    ValueError
        If the shape is another, there is no sample, or a value is not finite.
    TypeError
        If it belongs to another library or device, or holds no numbers.
    """
    if library_of(x) is None:
        x = host_array(x, name)
    own = backend.asarray(x, name)
    if own is not x and _integral(x):
        _tell_of_integers(own, name, backend.xp)
    if own.ndim == 1:
        raise ValueError(
            f"{name} has one dimension, shape {tuple(own.shape)}: samples are rows, shape "
            f"(m, {width}); for a single sample {name}[None, :]"
        )
    if own.ndim != 2:
        raise ValueError(
            f"{name} has {own.ndim} dimensions, shape {tuple(own.shape)}: samples are rows, shape "
            f"(m, {width}); {name}.reshape({own.shape[0] if own.ndim else 1}, -1) makes them so"
        )
    if own.shape[1] != width:
        raise ValueError(f"layer 1 expects {width} inputs, {name} has {own.shape[1]} columns")
    if own.shape[0] == 0:
        raise ValueError(f"{name} is empty: it has 0 samples")
    _check_finite(own, name, backend)
    return own


def as_targets(
    y: Any, m: int, net: Network, names: tuple[str, str] = ("x", "y")
) -> tuple[Array, bool]:
    """Targets as a floating array on the device, shape (m, n_L), and whether they were labels.

    Raises
    ------
    ValueError
        If the number of samples or outputs disagrees, a label is out of range, or a value is not
        finite or none that the cost takes.
    TypeError
        If it belongs to another library or device, or holds no numbers.
    """
    name, n, backend = names[1], net.sizes[-1], net.backend
    backend.reject_foreign(y, name)
    if not backend.owns(y) or library_of(y) == "numpy":
        y = host_array(y, name)
    if y.ndim not in (1, 2):
        raise ValueError(
            f"{name} has {y.ndim} dimensions, shape {tuple(y.shape)}: it must have 1 or 2"
        )
    if y.shape[0] != m:
        raise ValueError(f"{names[0]} has {m} samples, {name} has {y.shape[0]}")
    labelled = y.ndim == 1 and net.task == "classification" and _integral(y)
    if labelled:
        return _from_labels(y, name, n, backend), True
    if y.ndim == 1 and n > 1:
        hint = (
            "class labels must be integers"
            if net.task == "classification"
            else "class labels are for softmax or sigmoid outputs or a cross-entropy"
        )
        raise ValueError(
            f"the output layer has {n} neurons, but {name} has one number a sample: give rows of "
            f"{n} targets ({hint})"
        )
    own = backend.asarray(y, name)
    if own.ndim == 1:
        own = own[:, None]
    if own.shape[1] != n:
        hint = f"; for class labels {name}.ravel()" if own.shape[1] == 1 else ""
        raise ValueError(
            f"the output layer has {n} neurons, {name} has {own.shape[1]} columns{hint}"
        )
    _check_finite(own, name, backend)
    _check_allowed(own, name, net)
    return own, False


def _from_labels(y: Any, name: str, n: int, backend: Backend) -> Array:
    """Rows with a one at the label; with one output the labels 0 and 1 themselves."""
    xp, count = backend.xp, max(n, 2)
    if not backend.owns(y):
        low, high = int(y.min()), int(y.max())  # before a large one is wrapped around
    else:
        whole = xp.astype(y, xp.int32) if str(y.dtype).endswith("bool") else y
        low, high = int(xp.min(whole)), int(xp.max(whole))
    if low < 0 or high >= count:
        raise ValueError(
            f"labels in {name} go from {low} to {high}, but with {n} "
            f"output{'s' * (n > 1)} they must be from 0 to {count - 1}"
        )
    rows = backend.asarray(y, name, "int32")[:, None]
    if n > 1:
        rows = rows == xp.arange(n, dtype=xp.int32, device=device_of(rows))[None, :]
    return xp.astype(rows, getattr(xp, backend.dtype))


def _check_allowed(y: Array, name: str, net: Network) -> None:
    xp, (low, high) = net.backend.xp, net.cost.targets
    if low > -np.inf or high < np.inf:
        found = float(xp.min(y)), float(xp.max(y))
        if found[0] < low or found[1] > high:
            raise ValueError(
                f"{name} goes from {found[0]:g} to {found[1]:g}, but the cost {net.cost.name} "
                f"takes targets from {low:g} to {high:g}"
            )
    if isinstance(net.cost, CategoricalCrossEntropy):
        off = xp.abs(xp.sum(y, axis=1) - 1.0)
        worst = int(xp.argmax(off))
        if float(off[worst]) > 1e-3:
            raise ValueError(
                f"row {worst} of {name} sums to {float(xp.sum(y[worst, :])):g}, but the cost "
                f"{net.cost.name} takes probabilities, whose sum is 1"
            )


def _check_finite(x: Array, name: str, backend: Backend) -> None:
    if not backend.all_finite(x):
        xp = backend.xp
        bad = xp.astype(~xp.isfinite(x), xp.int32)
        row = int(xp.argmax(xp.max(bad, axis=1)))
        column = int(xp.argmax(bad[row, :]))
        raise ValueError(
            f"{name} is not finite everywhere: row {row}, column {column} is "
            f"{float(x[row, column])}"
        )


def _integral(y: Any) -> bool:
    kind = str(y.dtype)
    return "int" in kind or kind.endswith("bool")


def _tell_of_integers(x: Any, name: str, xp: Any) -> None:
    if x.ndim and 0 not in x.shape:
        low, high = int(xp.min(x)), int(xp.max(x))
        if max(-low, high) > 16:
            warnings.warn(
                f"{name} holds integers from {low} to {high}, which are converted but not scaled; "
                f"networks learn best from values of about -1 to 1 ({name} / {high} perhaps)",
                UserWarning,
                stacklevel=2,
            )
