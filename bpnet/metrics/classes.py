"""Classes of outputs and of targets: the index of the largest entry, the first of equals.

With one column, whether it exceeds a half.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..activations.base import Activation
from ..backends import Array
from .base import Rows

__all__ = ["classes_of_rows", "predicted_classes", "target_classes"]


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


def classes_of_rows(rows: Rows) -> Rows:
    """Class of each row of a NumPy array, shape (m,)."""
    if rows.shape[1] == 1:
        return (rows[:, 0] > 0.5).astype(np.intp)
    largest: Rows = rows.argmax(axis=1)
    return largest


def _with_half(a: Array, xp: Any) -> Array:
    """A column of halves before ``a``: of equal entries the first is taken."""
    return xp.concat([xp.full_like(a, 0.5), a], axis=1)
