"""Figures of merit, summed up over blocks of rows that are never together in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..metrics import R2, LogLoss
from .outputs import Outputs

__all__ = ["ClassTally", "Figures", "LabelTally", "NumberTally", "Tally", "figures", "tally_for"]

Figures: TypeAlias = dict[str, float | None]
"""A figure by name; None where it is not defined for these rows."""

Weights: TypeAlias = NDArray[np.float64] | None


class Tally(ABC):
    """Sums over rows, from which figures are made."""

    rows = 0

    def add(self, truth: NDArray[Any], outputs: Outputs, weights: Any = None) -> None:
        """Count a block of rows.

        Parameters
        ----------
        truth : array, shape (m,) or (m, n)
            As ``outputs.predicted``.
        outputs : Outputs
        weights : array, shape (m,), optional
            What each row counts; by default 1.
        """
        if len(truth):
            self.rows += len(truth)
            w = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)
            self._count(truth, outputs, w)

    @abstractmethod
    def _count(self, truth: NDArray[Any], outputs: Outputs, w: NDArray[np.float64]) -> None:
        """Add a block of at least one row to the sums."""

    @abstractmethod
    def figures(self) -> Figures:
        """The figures of all rows so far."""


class ClassTally(Tally):
    """Accuracy, balanced accuracy and log loss.

    Classes that the network does not know have indices beyond its own: their rows are wrong, each
    counts as a class of its own in the balanced accuracy, and none has a log loss.

    Parameters
    ----------
    classes : int
        How many the network knows.
    """

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._hits, self._support = np.zeros(classes), np.zeros(classes)
        self._losses, self._weight = 0.0, 0.0

    def _count(self, truth: NDArray[Any], outputs: Outputs, w: NDArray[np.float64]) -> None:
        right = truth == outputs.predicted
        self._hits = _added(self._hits, np.bincount(truth[right], w[right]))
        self._support = _added(self._support, np.bincount(truth, w))
        known = truth < self._classes
        if known.any() and outputs.probabilities is not None:
            y = truth[known, None] == np.arange(self._classes)
            losses = _log_losses(y.astype(np.float64), outputs.probabilities[known])
            self._losses += float((w[known] * losses).sum())
            self._weight += float(w[known].sum())

    def figures(self) -> Figures:
        there = self._support > 0
        hits = _added(self._hits, np.zeros(len(self._support)))
        return {
            "accuracy": _ratio(hits.sum(), self._support.sum()),
            "balanced_accuracy": float(np.mean(hits[there] / self._support[there]))
            if there.any()
            else None,
            "log_loss": _ratio(self._losses, self._weight),
        }


class LabelTally(Tally):
    """Figures of several labels at once: rows wholly right, labels right, F1 and log loss.

    F1 and log loss are the means over the labels; a label that is neither there nor predicted
    counts as 0 in F1, as in `bpnet.metrics.F1`.

    Parameters
    ----------
    labels : int
    """

    def __init__(self, labels: int) -> None:
        self._all_right, self._weight, self._losses = 0.0, 0.0, 0.0
        self._right, self._both, self._either = (np.zeros(labels) for _ in range(3))

    def _count(self, truth: NDArray[Any], outputs: Outputs, w: NDArray[np.float64]) -> None:
        y, said = truth > 0.5, outputs.predicted > 0.5
        self._weight += float(w.sum())
        self._all_right += float(w[(y == said).all(axis=1)].sum())
        self._right += w @ (y == said)
        self._both += w @ (y & said)
        self._either += w @ y + w @ said
        if outputs.probabilities is not None:
            for k in range(y.shape[1]):
                own = y[:, k : k + 1].astype(np.float64)
                losses = _log_losses(own, outputs.probabilities[:, k : k + 1])
                self._losses += float((w * losses).sum()) / y.shape[1]

    def figures(self) -> Figures:
        shares = 2.0 * self._both / np.where(self._either > 0, self._either, 1.0)
        return {
            "accuracy": _ratio(self._all_right, self._weight),
            "label_accuracy": _ratio(float(self._right.mean()), self._weight),
            "f1": float(shares.mean()) if self._weight else None,
            "log_loss": _ratio(self._losses, self._weight),
        }


class NumberTally(Tally):
    """R^2, and the errors RMSE and MAE in the target's own unit, of one target."""

    def __init__(self) -> None:
        self._squares: list[NDArray[np.float64]] = []
        self._moments: list[NDArray[np.float64]] = []
        self._weights: list[float] = []
        self._distances = 0.0

    def _count(self, truth: NDArray[Any], outputs: Outputs, w: NDArray[np.float64]) -> None:
        counted = w > 0
        if not counted.any():
            return
        w, y = w[counted], truth.reshape(-1)[counted]
        errors = outputs.predicted.reshape(-1)[counted] - y
        mean = w @ y / w.sum()
        self._squares.append(np.array([w @ errors**2]))
        self._moments.append(np.array([[mean], [w @ (y - mean) ** 2], [y.min()], [y.max()]]))
        self._weights.append(float(w.sum()))
        self._distances += float(w @ np.abs(errors))

    def figures(self) -> Figures:
        if not self._weights:
            return {"r2": None, "rmse": None, "mae": None}
        total = sum(self._weights)
        return {
            "r2": _finite(R2().figure(self._squares, self._moments, self._weights)),
            "rmse": _finite(np.sqrt(np.sum(self._squares) / total)),
            "mae": _finite(self._distances / total),
        }


def tally_for(task: str, classes: int) -> Tally:
    """What sums up the figures of a task; in regression those of one target."""
    if task == "regression":
        return NumberTally()
    return LabelTally(classes) if task == "multilabel" else ClassTally(classes)


def figures(
    task: str, truth: NDArray[Any], outputs: Outputs, weights: Any = None, classes: int = 0
) -> Figures:
    """The figures of rows that are all in memory; in regression of one target.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.array([[0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    >>> found = figures("classification", np.array([0, 0, 1]), Outputs(p.argmax(axis=1), p))
    >>> {name: round(value, 3) for name, value in found.items()}
    {'accuracy': 0.667, 'balanced_accuracy': 0.5, 'log_loss': 0.499}
    """
    if not classes and outputs.probabilities is not None:
        classes = outputs.probabilities.shape[1]
    tally = tally_for(task, classes)
    tally.add(truth, outputs, weights)
    return tally.figures()


def _log_losses(y: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """The loss of each row; NaN of all where outputs are no probabilities."""
    try:
        return LogLoss().losses(y, p)
    except ValueError:  # of outputs below 0 or above 1, as an identity may give
        return np.full(len(y), np.nan)


def _ratio(total: float, weight: float) -> float | None:
    return _finite(total / weight) if weight else None


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _added(one: NDArray[np.float64], other: NDArray[Any]) -> NDArray[np.float64]:
    """The sum of two vectors, of which the shorter has zeros behind it."""
    longer = np.zeros(max(len(one), len(other)))
    longer[: len(one)] += one
    longer[: len(other)] += other
    return longer
