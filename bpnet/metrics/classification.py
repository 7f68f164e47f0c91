"""Figures of classification that count samples: top k, balanced accuracy, F1."""

from __future__ import annotations

import numpy as np

from .._lib.constraints import Choice, Constraints, Integer
from .base import Metric, Rows
from .classes import are_labels, classes_of_rows

__all__ = ["AVERAGES", "F1", "BalancedAccuracy", "TopKAccuracy"]

AVERAGES = ("macro", "micro", "weighted", "binary")


class TopKAccuracy(Metric):
    """Share of samples whose class is among those of the k largest outputs.

    Of equal outputs the later ones count as larger, as in scikit-learn.

    Parameters
    ----------
    k : int, optional
        At least 1, and less than the number of classes: all samples would be right otherwise
        (scikit-learn warns of that).

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.TopKAccuracy(2)([[0, 0, 1], [1, 0, 0]], [[0.5, 0.2, 0.3], [0.2, 0.3, 0.5]])
    0.5
    """

    constraints = Constraints(k=Integer(1))

    k: int = 5

    task = "classification"

    @property
    def name(self) -> str:
        """``"top_5_accuracy"``, with its k."""
        return f"top_{self.k}_accuracy"

    def check_outputs(self, outputs: int) -> None:
        if self.k >= max(outputs, 2):
            raise ValueError(
                f"{self.name} needs more than {self.k} classes, the network has {max(outputs, 2)}"
            )

    def value(self, y: Rows, a: Rows) -> float:
        if a.shape[1] == 1:
            return float(np.mean(classes_of_rows(y) == classes_of_rows(a)))
        right = classes_of_rows(y)[:, None]
        own = np.take_along_axis(a, right, axis=1)
        before = (a > own) | ((a == own) & (np.arange(a.shape[1]) > right))
        return float(np.mean(before.sum(axis=1) < self.k))


class BalancedAccuracy(Metric):
    """Mean over the classes of the share of their samples whose class is right.

    Classes without a sample do not count (scikit-learn warns where one of them is predicted).

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.BalancedAccuracy()([[0], [0], [0], [1]], [[0.1], [0.2], [0.9], [0.8]])
    0.8333333333333333
    """

    name = "balanced_accuracy"
    task = "classification"

    def value(self, y: Rows, a: Rows) -> float:
        hits, support, _ = _counts(y, a)
        there = support > 0
        return float(np.mean(hits[there] / support[there]))


class F1(Metric):
    """Harmonic mean of precision and recall, ``2 TP / (2 TP + FP + FN)``.

    Parameters
    ----------
    average : {"macro", "micro", "weighted", "binary"}, optional
        ``"macro"`` is the mean over the classes that are in the targets or predicted,
        ``"weighted"`` weighs them by their samples, ``"micro"`` counts over all classes (which is
        the accuracy), ``"binary"`` is the figure of class 1 of two. That is 0 where class 1 is
        neither in the targets nor predicted, as in scikit-learn, which warns.
    multilabel : bool, optional
        Whether each output that exceeds a half is a label by itself, judged as ``"binary"`` does;
        by default as `Accuracy`. A label neither in the targets nor predicted counts as 0.

    Examples
    --------
    >>> import bpnet
    >>> y, a = [[0], [0], [1], [1]], [[0.1], [0.2], [0.3], [0.8]]
    >>> round(bpnet.metrics.F1()(y, a), 4), round(bpnet.metrics.F1("binary")(y, a), 4)
    (0.7333, 0.6667)
    """

    constraints = Constraints(average=Choice(*AVERAGES))

    average: str = "macro"
    multilabel: bool | None = None

    task = "classification"
    takes_labels = True

    @property
    def name(self) -> str:
        """``"f1"``, or ``"f1_micro"``, ``"f1_weighted"``, ``"f1_binary"``."""
        return "f1" if self.average == "macro" else f"f1_{self.average}"

    def check(self, task: str, outputs: int) -> None:
        super().check(task, outputs)
        if self.average == "binary" and task == "multilabel":
            raise ValueError(f"{self.name} is for two classes, and the task is multilabel")

    def for_task(self, task: str) -> Metric:
        return self.replaced(multilabel=task == "multilabel")

    def check_outputs(self, outputs: int) -> None:
        if self.average == "binary" and outputs > 2:
            raise ValueError(f"{self.name} is for two classes, the network has {outputs}")

    def value(self, y: Rows, a: Rows) -> float:
        labels = are_labels(y, self.multilabel)
        hits, support, predicted = _label_counts(y, a) if labels else _counts(y, a)
        both = support + predicted
        if self.average == "micro":
            return float(2.0 * hits.sum() / max(both.sum(), 1))
        each = 2.0 * hits / np.maximum(both, 1)
        if self.average == "binary":
            return float(each[1])
        if self.average == "weighted":
            return float((each * support).sum() / max(support.sum(), 1))
        return float(np.mean(each if labels else each[both > 0]))


def _counts(y: Rows, a: Rows) -> tuple[Rows, Rows, Rows]:
    """Of each class: samples predicted rightly, samples, predictions; shape (classes,) each."""
    right, predicted, n = classes_of_rows(y), classes_of_rows(a), max(2, y.shape[1])
    hits = right[right == predicted]
    first, second, third = (np.bincount(one, minlength=n) for one in (hits, right, predicted))
    return first, second, third


def _label_counts(y: Rows, a: Rows) -> tuple[Rows, Rows, Rows]:
    """Of each label: samples that have it and are predicted to, that have it, predictions."""
    right, predicted = y > 0.5, a > 0.5
    return (right & predicted).sum(axis=0), right.sum(axis=0), predicted.sum(axis=0)
