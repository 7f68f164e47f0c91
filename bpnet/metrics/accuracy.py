"""The accuracy, of NumPy arrays or summed over blocks of samples on the device."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..activations.base import Activation
from ..backends import Array
from .base import Metric, Rows
from .classes import classes_of_rows, predicted_classes, target_classes

__all__ = ["Accuracy"]


class Accuracy(Metric):
    """Share of samples whose class is right.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.Accuracy()([[1, 0], [0, 1]], [[0.9, 0.1], [0.7, 0.3]])
    0.5
    """

    name = "accuracy"
    task = "classification"
    wants = ("sums", "counts")
    """Arguments of `figure`: results of the methods of these names, or samples, of each block."""

    def value(self, y: Rows, a: Rows) -> float:
        return float(np.mean(classes_of_rows(y) == classes_of_rows(a)))

    def block(self, z: Array, sigma: Activation, y: Array, xp: Any, rows: Any) -> tuple[Array]:
        """Sums of a block of samples: how many are right, shape ().

        Parameters
        ----------
        z : array, shape (m, n_L)
            Weighted inputs of the output layer.
        sigma : Activation
            Its activation.
        y : array, shape (m, n_L)
        xp : namespace
        rows : RowReductions
            Reduces over the samples.
        """
        right = predicted_classes(z, sigma, xp) == target_classes(y, xp)
        return (rows.sum(xp.astype(right, xp.int32)),)

    def figure(self, sums: Any, counts: Any) -> float:
        """The figure of all blocks, from `sums` and the number of samples of each."""
        return float(np.sum(sums) / np.sum(counts))
