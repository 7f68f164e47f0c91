"""Classes of outputs and of targets: the index of the largest entry, the first of equals.

With one column, whether it exceeds a half.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..activations.base import Activation
from ..backends import Array
from .base import Rows

__all__ = [
    "are_labels",
    "classes_of_rows",
    "marked",
    "predicted_classes",
    "predicted_labels",
    "target_classes",
]


def predicted_classes(z: Array, sigma: Activation, xp: Any) -> Array:
    """Class of each sample, shape (m,), on the device.

    Parameters
    ----------
    z : array, shape (m, n_L)
        Weighted inputs of the output layer.
    sigma : Activation
        Its activation.
    xp : namespace
    """
    if z.shape[1] == 1:
        a = sigma.value(z, xp)
        return xp.argmax(_with_half(a, xp), axis=1)
    return xp.argmax(z if sigma.increasing else sigma.value(z, xp), axis=1)


def target_classes(y: Array, xp: Any) -> Array:
    """Class of each row of targets, shape (m,), on the device."""
    return xp.argmax(_with_half(y, xp) if y.shape[1] == 1 else y, axis=1)


def predicted_labels(z: Array, sigma: Activation, xp: Any) -> Array:
    """Which outputs exceed a half, zeros and ones of shape (m, n_L), on the device."""
    return marked(sigma.value(z, xp), xp)


def marked(rows: Array, xp: Any) -> Array:
    """Zeros and ones, in the library's own type of indices: which entries exceed a half."""
    return xp.argmax(xp.stack([xp.full_like(rows, 0.5), rows], axis=-1), axis=-1)


def are_labels(y: Rows, multilabel: bool | None) -> bool:
    """Whether columns of targets are labels by themselves; None: as the targets look."""
    if multilabel is not None or y.shape[1] == 1:
        return bool(multilabel)
    zeros_and_ones = ((y == 0) | (y == 1)).all()
    return bool(zeros_and_ones and (y.sum(axis=1) != 1).any())


def classes_of_rows(rows: Rows) -> Rows:
    """Class of each row of a NumPy array, shape (m,)."""
    if rows.shape[1] == 1:
        return (rows[:, 0] > 0.5).astype(np.intp)
    largest: Rows = rows.argmax(axis=1)
    return largest


def _with_half(a: Array, xp: Any) -> Array:
    """A column of halves before ``a``: of equal entries the first is taken."""
    return xp.concat([xp.full_like(a, 0.5), a], axis=1)
