"""Metrics beside the cost: sums over samples on the device, the figure on the host."""

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

    def sums(self, z: Array, sigma: Activation, y: Array, xp: Any) -> Array:
        """How many are right, shape ()."""
        right = xp.argmax(_with_half(y, xp) if y.shape[1] == 1 else y, axis=1)
        return xp.sum(xp.astype(classes(z, sigma, xp) == right, xp.int32))

    def spread(self, y: Array, xp: Any) -> Array:
        """Nothing of the targets is needed but their number."""
        return xp.zeros((1,), dtype=y.dtype, device=y.device)

    def figure(self, sums: np.ndarray[Any, Any], spread: np.ndarray[Any, Any], n: int) -> float:
        """From sums over ``n`` samples to the figure."""
        return float(sums) / n


class R2:
    """Coefficient of determination, the mean over the outputs."""

    name = "r2"

    def sums(self, z: Array, sigma: Activation, y: Array, xp: Any) -> Array:
        """Squared distances, shape (n_L,)."""
        return xp.sum((sigma.value(z, xp) - y) ** 2, axis=0)

    def spread(self, y: Array, xp: Any) -> Array:
        """Squared distances of the targets from their mean, shape (n_L,)."""
        spread = xp.sum((y - xp.mean(y, axis=0, keepdims=True)) ** 2, axis=0)
        varies = xp.max(y, axis=0) > xp.min(y, axis=0)  # where not, the rest is rounding
        return xp.where(varies, spread, xp.zeros_like(spread))

    def figure(self, sums: np.ndarray[Any, Any], spread: np.ndarray[Any, Any], n: int) -> float:
        """From sums over ``n`` samples to the figure; constant targets count as scikit-learn's."""
        unexplained = np.divide(sums, spread, out=(sums > 0).astype(float), where=spread > 0)
        return float(1.0 - unexplained.mean())
