"""The accuracy, of NumPy arrays or summed over blocks of samples on the device."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..activations.base import Activation
from ..backends import Array
from .base import Metric, Rows
from .classes import (
    are_labels,
    classes_of_rows,
    marked,
    predicted_classes,
    predicted_labels,
    target_classes,
)

__all__ = ["Accuracy"]


class Accuracy(Metric):
    """Share of samples whose class is right; of several labels at once, all of them.

    Parameters
    ----------
    multilabel : bool, optional
        Whether an output that exceeds a half is a label by itself. By default that is so if the
        targets are zeros and ones, of which some row has none or several; a fit goes by its task.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.Accuracy()([[1, 0], [0, 1]], [[0.9, 0.1], [0.7, 0.3]])
    0.5
    >>> bpnet.metrics.Accuracy()([[1, 1], [0, 1]], [[0.9, 0.8], [0.7, 0.6]])
    0.5
    """

    multilabel: bool | None = None

    name = "accuracy"
    task = "classification"
    takes_labels = True
    wants = ("sums", "counts")
    """Arguments of `figure`: results of the methods of these names, or samples, of each block."""

    def value(self, y: Rows, a: Rows) -> float:
        if are_labels(y, self.multilabel):
            return float(np.mean(((y > 0.5) == (a > 0.5)).all(axis=1)))
        return float(np.mean(classes_of_rows(y) == classes_of_rows(a)))

    def for_task(self, task: str) -> Metric:
        return self.replaced(multilabel=task == "multilabel")

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
        if self.multilabel:
            right = xp.all(predicted_labels(z, sigma, xp) == marked(y, xp), axis=1)
        else:
            right = predicted_classes(z, sigma, xp) == target_classes(y, xp)
        return (rows.sum(xp.astype(right, xp.int32)),)

    def figure(self, sums: Any, counts: Any) -> float:
        """The figure of all blocks, from `sums` and the number of samples of each."""
        return float(np.sum(sums) / np.sum(counts))
