"""The area under the ROC curve."""

from __future__ import annotations

import numpy as np

from .base import Metric, Rows
from .classes import classes_of_rows

__all__ = ["AUC"]


class AUC(Metric):
    """Area under the ROC curve: how often a sample of a class is above one of another, ties half.

    With several outputs the mean over them of each class against the rest (one-vs-rest, macro);
    columns of zeros and ones, of which several may be ones in a row, are each judged by
    themselves. Outputs need not be probabilities. A class without samples, or with all of them, is
    left out (scikit-learn raises, or gives NaN); if none is left, it raises.

    References
    ----------
    Hanley and McNeil, The meaning and use of the area under a ROC curve, Radiology 143 (1982).

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.AUC()([[0], [0], [1], [1]], [[0.1], [0.4], [0.35], [0.8]])
    0.75
    """

    name = "auc"
    task = "classification"
    takes_labels = True

    def value(self, y: Rows, a: Rows) -> float:
        if y.shape[1] == 1:
            positive = y > 0.5
        elif ((y == 0) | (y == 1)).all():
            positive = y == 1
        else:
            positive = classes_of_rows(y)[:, None] == np.arange(y.shape[1])
        ones = positive.sum(axis=0)
        judged = np.flatnonzero((ones > 0) & (ones < len(y)))
        if not judged.size:
            only = classes_of_rows(y)[0]
            raise ValueError(
                f"auc needs samples of two classes, all {len(y)} of y are of class {only}"
            )
        return float(np.mean([_area(positive[:, j], a[:, j]) for j in judged]))


def _area(positive: Rows, a: Rows) -> float:
    """Area under one ROC curve: the Mann-Whitney statistic, from the ranks of the positive."""
    _, places, counts = np.unique(a, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - 0.5 * (counts - 1)  # equal ones share their mean rank
    ones = int(positive.sum())
    above = ranks[places][positive].sum() - 0.5 * ones * (ones + 1)
    return float(above / (ones * (len(a) - ones)))
