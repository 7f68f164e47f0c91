"""Targets and outputs as a user gives them to a metric, as rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.host_arrays import host_array, refuse_masked
from ..backends.interop import device_of, library_of
from ..backends.registry import BUILT_IN
from ..backends.selection import get_backend

__all__ = ["rows_of_both"]

Rows = np.ndarray[Any, Any]


def rows_of_both(y: Any, a: Any, name: str, task: str | None) -> tuple[Rows, Rows]:
    """Targets and outputs as NumPy arrays of one shape.

    Parameters
    ----------
    y : array, shape (m, n_L) or (m,)
        Targets, or labels.
    a : array, shape (m, n_L) or (m,)
        Outputs, or what `Network.predict` or `Network.predict_proba` returned.
    name : str
        Of the metric, for messages.
    task : {"classification", "regression"} or None
        In classification integers of shape (m,) are classes, which become one-hot rows.

    Returns
    -------
    y, a : numpy.ndarray, shape (m, n_L)

    Raises
    ------
    TypeError
        If either holds anything but real numbers, or is masked.
    ValueError
        If shapes disagree, or a class is negative or beyond the outputs.
    """
    y, a = _on_host(y, "y"), _on_host(a, "a")
    refused = f"{name} takes y and a of one shape (m, n_L) or (m,), not {y.shape} and {a.shape}"
    if y.ndim not in (1, 2) or a.ndim not in (1, 2) or y.shape[0] != a.shape[0]:
        raise ValueError(refused)
    if task == "classification" and y.size and a.size:
        y, a = _classes_as_rows(y, a, name)
    y, a = (one[:, None] if one.ndim == 1 else one for one in (y, a))
    if y.shape != a.shape:
        raise ValueError(refused)
    return y, a


def _on_host(array: Any, which: str) -> Rows:
    library = library_of(array)
    if library not in (None, "numpy"):
        refuse_masked(array, which)
        if library in BUILT_IN:
            array = get_backend(library).to_numpy(array)
        elif hasattr(array, "__array_namespace__"):
            backend = get_backend(array.__array_namespace__(), device_of(array))
            array = backend.to_numpy(array)
    return host_array(array, which)


def _classes_as_rows(y: Rows, a: Rows, name: str) -> tuple[Rows, Rows]:
    """One-hot rows in place of classes, where the other has one column per class."""
    if y.shape[1:] == (1,) and a.shape[1:] == (2,):  # the probabilities of one output
        y = y[:, 0]
    if y.ndim == a.ndim == 2 or ((y.ndim, a.ndim) == (1, 2) and a.shape[1] == 1):
        return y, a
    if a.ndim == 1 and (a.dtype.kind == "f" or y.shape[1:] == (1,)):
        if y.ndim == 1 and y.max() > 1:
            raise ValueError(
                f"{name} is given classes up to {y.max():g} in y, but one output per sample in a, "
                "as of two classes: give class labels as integers, or rows of outputs"
            )
        return y, a
    labels = [_labels(one, which, name) for one, which in ((y, "y"), (a, "a")) if one.ndim == 1]
    widths = [one.shape[1] for one in (y, a) if one.ndim == 2]
    classes = widths[0] if widths else max(2, *(int(one.max()) + 1 for one in labels))
    for one in labels:
        if one.max() >= classes:
            raise ValueError(f"{name} is given class {one.max()}, with outputs for {classes}")
    rows = iter([(one[:, None] == np.arange(classes)).astype(np.float64) for one in labels])
    return (next(rows) if y.ndim == 1 else y), (next(rows) if a.ndim == 1 else a)


def _labels(classes: Rows, which: str, name: str) -> Rows:
    whole = classes if classes.dtype.kind != "f" else np.where(np.isfinite(classes), classes, -1)
    bad = np.flatnonzero((whole < 0) | (whole != np.floor(whole)))
    if bad.size:
        raise ValueError(
            f"{name} takes class labels from 0 on; row {bad[0]} of {which} is {classes[bad[0]]}"
        )
    return whole.astype(np.int64)
