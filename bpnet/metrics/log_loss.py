"""The logarithmic loss."""

from __future__ import annotations

import numpy as np

from .base import Metric, Rows

__all__ = ["LogLoss"]


class LogLoss(Metric):
    """Mean of ``-log p`` of the right class.

    Probabilities are held, as by scikit-learn, to at least the machine precision of ``a``'s type.
    Targets may be probabilities themselves, as of smoothed labels. Rows of outputs that do not sum
    to 1, those of several sigmoids, are divided by their sum (scikit-learn warns and does not);
    outputs that are no probabilities raise.

    Examples
    --------
    >>> import bpnet
    >>> round(bpnet.metrics.LogLoss()([[1], [0]], [[0.8], [0.4]]), 4)
    0.367
    """

    name = "log_loss"
    lower_is_better = True
    task = "classification"
    keeps_dtype = True  # which says how near to 0 a probability may come

    def value(self, y: Rows, a: Rows) -> float:
        return float(np.mean(self.losses(y, a)))

    def losses(self, y: Rows, a: Rows) -> Rows:
        """The loss of each row, shape (m,), float64; arguments and errors as of `value`."""
        p = a if np.issubdtype(a.dtype, np.floating) else a.astype(np.float64)
        for which, rows in (("outputs", p), ("targets", y)):
            if rows.min() < 0 or rows.max() > 1:
                raise ValueError(
                    f"log_loss takes {which} from 0 to 1, they go from {rows.min():g} to "
                    f"{rows.max():g}"
                )
        epsilon = np.finfo(p.dtype).eps
        if p.shape[1] == 1:
            p, y = np.hstack([1 - p, p]), np.hstack([1 - y, y])
        off = np.abs(y.sum(axis=1, dtype=np.float64) - 1.0)
        if off.max() > 1e-3:
            row = off.argmax()
            raise ValueError(
                f"log_loss takes targets that are probabilities, whose sum is 1; row {row} of y "
                f"sums to {y[row].sum():g}"
            )
        low, high = float(epsilon), float(1 - epsilon)
        total = p.sum(axis=1, keepdims=True, dtype=np.float64)
        p = np.clip(p.astype(np.float64), low, high)
        loose = np.abs(total - 1.0) > epsilon**0.5
        p = np.where(loose, p / p.sum(axis=1, keepdims=True), p)
        losses: Rows = -(y * np.log(p)).sum(axis=1)
        return losses
