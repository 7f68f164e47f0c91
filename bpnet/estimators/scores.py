"""Accuracy and R^2 as scikit-learn defines them, computed where the arrays are."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from ..backends import Array, Backend

__all__ = ["mean", "r2", "share_of"]

HostArray: TypeAlias = np.ndarray[Any, Any]


def mean(values: Array, weights: HostArray | None, backend: Backend) -> float:
    """Mean of one value per sample, shape (m,).

    Parameters
    ----------
    values : array, shape (m,), floating
    weights : numpy.ndarray, shape (m,), or None
    backend : Backend
        Of the values.
    """
    xp = backend.xp
    if weights is None:
        return float(xp.mean(values))
    own = backend.asarray(weights, "sample_weight")
    return float(xp.sum(values * own) / xp.sum(own))


def share_of(right: Array, weights: HostArray | None, backend: Backend) -> float:
    """Share of the samples for which ``right`` is true.

    Parameters
    ----------
    right : array of bool, shape (m,) or (m, n_labels)
        Of several labels all must be.
    weights : numpy.ndarray, shape (m,), or None
    backend : Backend
        Of ``right``.
    """
    xp = backend.xp
    if right.ndim == 2:
        right = xp.all(right, axis=1)
    if weights is None:
        return int(xp.sum(xp.astype(right, xp.int32))) / int(right.shape[0])
    return mean(xp.astype(right, getattr(xp, backend.dtype)), weights, backend)


def r2(y: Array, said: Array, weights: HostArray | None, backend: Backend) -> float:
    """Coefficient of determination, the mean over outputs.

    Of a constant output it is 1 if every number is right, else 0.

    Parameters
    ----------
    y, said : array, shape (m, n_outputs), floating, of the same dtype
    weights : numpy.ndarray, shape (m,), or None
    backend : Backend
        Of both.
    """
    xp = backend.xp
    if weights is None:
        column = xp.ones_like(y[:, :1])
    else:
        column = backend.asarray(weights, "sample_weight")[:, None]
    center = xp.sum(column * y, axis=0) / xp.sum(column)
    missed = xp.sum(column * (y - said) ** 2, axis=0)
    spread = xp.sum(column * (y - center) ** 2, axis=0)
    zero, one = xp.zeros_like(missed), xp.ones_like(missed)
    constant = xp.where(missed == 0.0, one, zero)
    shares = 1.0 - missed / xp.where(spread == 0.0, one, spread)
    return float(xp.mean(xp.where(spread == 0.0, constant, shares)))
