"""Accuracy and R^2 from sums on the device."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..activations import Activation
from ..backends import Array

__all__ = ["R2", "Accuracy", "classes"]


def classes(z: Array, sigma: Activation, xp: Any) -> Array:
    """Class index of each row of weighted inputs of the output layer, shape (m,).

    That of the largest output; with one output, whether it exceeds a half.
    """
    if z.shape[1] == 1:
        a = sigma.value(z, xp)
        return xp.argmax(_with_half(a, xp), axis=1)
    return xp.argmax(z if sigma.increasing else sigma.value(z, xp), axis=1)


def _with_half(a: Array, xp: Any) -> Array:
    """A column of halves before ``a``: of equal entries the first is taken."""
    return xp.concat([xp.full_like(a, 0.5), a], axis=1)


class Accuracy:
    """Share of samples whose class is right."""

    name = "accuracy"
    wants = ("sums", "counts")
    """What `figure` takes of a `EpochSums`."""

    def sums(self, z: Array, sigma: Activation, y: Array, xp: Any) -> Array:
        """How many are right, shape ()."""
        right = xp.argmax(_with_half(y, xp) if y.shape[1] == 1 else y, axis=1)
        return xp.sum(xp.astype(classes(z, sigma, xp) == right, xp.int32))

    def moments(self, y: Array, xp: Any) -> Array:
        """Nothing that it wants."""
        return None

    def figure(self, sums: Any, counts: Any) -> float:
        """From what `sums` gave for blocks of so many samples to the figure."""
        return float(np.sum(sums) / np.sum(counts))


class R2:
    """Coefficient of determination, the mean over the outputs."""

    name = "r2"
    wants = ("sums", "moments", "counts")

    def sums(self, z: Array, sigma: Activation, y: Array, xp: Any) -> Array:
        """Squared distances, shape (n_L,)."""
        return xp.sum((sigma.value(z, xp) - y) ** 2, axis=0)

    def moments(self, y: Array, xp: Any) -> Array:
        """Mean, squared distance from it, least and largest target, shape (4, n_L)."""
        mean = xp.mean(y, axis=0, keepdims=True)
        spread = xp.sum((y - mean) ** 2, axis=0)
        return xp.stack([mean[0, :], spread, xp.min(y, axis=0), xp.max(y, axis=0)])

    def figure(self, sums: Any, moments: Any, counts: Any) -> float:
        """From what `sums` and `moments` gave for blocks of so many samples to the figure.

        Constant targets count as scikit-learn's.
        """
        n, (means, spreads, low, high) = np.asarray(counts)[:, None], np.moveaxis(moments, 0, 1)
        mean = (n * means).sum(axis=0) / n.sum()
        spread = (spreads + n * (means - mean) ** 2).sum(axis=0)
        spread = np.where(high.max(axis=0) > low.min(axis=0), spread, 0.0)  # else it is rounding
        unexplained = np.sum(sums, axis=0)
        unexplained = np.divide(
            unexplained, spread, out=(unexplained > 0).astype(float), where=spread > 0
        )
        return float(1.0 - unexplained.mean())
