"""The coefficient of determination, of NumPy arrays or summed over blocks on the device."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..activations.base import Activation
from ..backends import Array
from .base import Metric, Rows

__all__ = ["R2"]


class R2(Metric):
    """Coefficient of determination, the mean over the outputs.

    An output whose target is constant counts as 1 where it is met and 0 where not, as in
    scikit-learn; that of a single sample is constant (scikit-learn gives NaN). NaN if the squares
    of targets overflow, in float32 from 1e19.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.R2()([[1.0], [2.0], [3.0]], [[1.0], [2.0], [4.0]])
    0.5
    """

    name = "r2"
    task = "regression"
    wants = ("sums", "moments", "counts")
    """Arguments of `figure`: results of the methods of these names, or samples, of each block."""

    def value(self, y: Rows, a: Rows) -> float:
        unexplained = ((a - y) ** 2).sum(axis=0)
        spread = ((y - y.mean(axis=0)) ** 2).sum(axis=0)
        spread[y.max(axis=0) == y.min(axis=0)] = 0.0  # if constant, the rest is rounding
        return _explained(unexplained, spread)

    def block(
        self, z: Array, sigma: Activation, y: Array, xp: Any, rows: Any
    ) -> tuple[Array, Array]:
        """Sums of a block of samples: squared errors, (n_L,), and moments of the targets, (4, n_L).

        The moments are mean, sum of squared deviations, least and largest value.

        Parameters
        ----------
        z, sigma, y, xp, rows
            As of `Accuracy.block`.
        """
        errors = rows.sum((sigma.value(z, xp) - y) ** 2)
        mean = rows.mean(y)
        spread = rows.sum((y - mean) ** 2)
        return errors, xp.stack([mean, spread, rows.min(y), rows.max(y)])

    def figure(self, sums: Any, moments: Any, counts: Any) -> float:
        """The figure of all blocks, from `sums`, `moments` and the number of samples of each."""
        n, (means, spreads, low, high) = np.asarray(counts)[:, None], np.moveaxis(moments, 0, 1)
        mean = (n * means).sum(axis=0) / n.sum()
        spread = (spreads + n * (means - mean) ** 2).sum(axis=0)
        spread = np.where(high.max(axis=0) > low.min(axis=0), spread, 0.0)  # else it is rounding
        return _explained(np.sum(sums, axis=0), spread)


def _explained(unexplained: Any, spread: Any) -> float:
    """The mean over outputs of 1 - unexplained / spread; NaN if squares of targets overflowed."""
    missed = (unexplained > 0).astype(np.float64)
    with np.errstate(invalid="ignore"):
        share = np.divide(unexplained, spread, out=missed, where=spread > 0)
    return float(1.0 - np.where(np.isfinite(spread), share, np.nan).mean())
