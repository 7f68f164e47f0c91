"""Metrics: how well outputs fit targets, as scikit-learn's of the same names, from NumPy arrays.

Samples are rows: targets ``y`` and outputs ``a`` are (m, n_L). In classification the class of a row
is the index of its largest entry, the first of equals; with one output whether it exceeds a half.
Where a metric is not defined, as the AUC of a single class, it raises; none returns NaN.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeAlias

import numpy as np

from ._lib.frozen import Frozen
from ._lib.registry import check_name

__all__ = [
    "AUC",
    "F1",
    "MAE",
    "R2",
    "RMSE",
    "Accuracy",
    "BalancedAccuracy",
    "CustomMetric",
    "LogLoss",
    "Metric",
    "TopKAccuracy",
    "get",
    "get_all",
]

Rows: TypeAlias = np.ndarray[Any, Any]

_AVERAGES = ("macro", "micro", "weighted", "binary")
_TASKS = ("classification", "regression")
_FALLING = ("_error", "_loss", "_deviance")  # by scikit-learn's convention lower is better


class Metric(Frozen):
    """A figure of merit of a network's outputs; a subclass says ``name`` and `value`.

    Attributes
    ----------
    name : str
        What users call it; its columns in a history are ``train_<name>`` and
        ``validation_<name>``.
    lower_is_better : bool
    task : {"classification", "regression"} or None
        What it is for; None if for both.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> class Bias(bpnet.metrics.Metric):
    ...     name, task = "bias", "regression"
    ...     def value(self, y, a):
    ...         return (a - y).mean()
    >>> Bias()(np.asarray([[1.0], [2.0]]), np.asarray([[1.0], [3.0]]))
    0.5
    """

    lower_is_better: ClassVar[bool] = False
    task: ClassVar[str | None] = None

    @property
    def name(self) -> str:
        """What users call it."""
        raise NotImplementedError

    def value(self, y: Rows, a: Rows) -> float:
        """The figure, from arrays of shape (m, n_L) that were checked."""
        raise NotImplementedError

    def check(self, task: str, outputs: int) -> None:
        """Raise ValueError if it is not for such a network.

        Parameters
        ----------
        task : {"classification", "regression"}
        outputs : int
            Neurons of the output layer.
        """
        if self.task not in (None, task):
            raise ValueError(f"{self.name} is for {self.task}, and the task is {task}")
        self.check_outputs(outputs)

    def check_outputs(self, outputs: int) -> None:
        """Raise ValueError if it is not for so many outputs."""

    def __call__(self, y: Any, a: Any) -> float:
        """The figure.

        Parameters
        ----------
        y : array, shape (m, n_L)
            Targets.
        a : array, shape (m, n_L)
            Outputs.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If shapes disagree, there is no sample, a value is not finite, or the metric is not
            defined for them.
        """
        y, a = np.asarray(y), np.asarray(a)
        if y.ndim != 2 or y.shape != a.shape:
            raise ValueError(
                f"{self.name} takes y and a of one shape (m, n_L), not {y.shape} and {a.shape}"
            )
        if not y.size:
            raise ValueError(f"{self.name} needs a sample at least, y has shape {y.shape}")
        for which, rows in (("y", y), ("a", a)):
            finite = np.isfinite(rows)
            if not finite.all():
                row, column = np.argwhere(~finite)[0]
                raise ValueError(
                    f"{self.name} takes finite numbers; row {row}, column {column} of {which} is "
                    f"{rows[row, column]}"
                )
        self.check_outputs(y.shape[1])
        return float(self.value(y, a))


# ------------------------------------------------------------------ classification


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

    def value(self, y: Rows, a: Rows) -> float:
        return float(np.mean(_classes(y) == _classes(a)))


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

    k: int = 5

    task = "classification"

    def __post_init__(self) -> None:
        try:
            k = operator.index(self.k)
        except TypeError:
            raise TypeError(f"k must be an integer, not {self.k!r}") from None
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        object.__setattr__(self, "k", k)

    @property
    def name(self) -> str:
        """``"top_5_accuracy"``, with its k."""
        return f"top_{self.k}_accuracy"

    def check_outputs(self, outputs: int) -> None:
        if self.k >= max(outputs, 2):
            raise ValueError(
                f"{self.name} is of more than {self.k} classes, the network has {max(outputs, 2)}"
            )

    def value(self, y: Rows, a: Rows) -> float:
        if a.shape[1] == 1:
            return float(np.mean(_classes(y) == _classes(a)))
        right = _classes(y)[:, None]
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

    Examples
    --------
    >>> import bpnet
    >>> y, a = [[0], [0], [1], [1]], [[0.1], [0.2], [0.3], [0.8]]
    >>> round(bpnet.metrics.F1()(y, a), 4), round(bpnet.metrics.F1("binary")(y, a), 4)
    (0.7333, 0.6667)
    """

    average: str = "macro"

    task = "classification"

    def __post_init__(self) -> None:
        check_name(self.average, _AVERAGES, "average")

    @property
    def name(self) -> str:
        """``"f1"``, or ``"f1_micro"``, ``"f1_weighted"``, ``"f1_binary"``."""
        return "f1" if self.average == "macro" else f"f1_{self.average}"

    def check_outputs(self, outputs: int) -> None:
        if self.average == "binary" and outputs > 2:
            raise ValueError(f"{self.name} is of two classes, the network has {outputs}")

    def value(self, y: Rows, a: Rows) -> float:
        hits, support, predicted = _counts(y, a)
        if self.average == "micro":
            return float(hits.sum() / len(y))
        each = 2.0 * hits / np.maximum(support + predicted, 1)
        if self.average == "binary":
            return float(each[1])
        if self.average == "weighted":
            return float((each * support).sum() / len(y))
        return float(np.mean(each[support + predicted > 0]))


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

    def value(self, y: Rows, a: Rows) -> float:
        if y.shape[1] == 1:
            positive = y > 0.5
        elif ((y == 0) | (y == 1)).all():
            positive = y == 1
        else:
            positive = _classes(y)[:, None] == np.arange(y.shape[1])
        ones = positive.sum(axis=0)
        judged = np.flatnonzero((ones > 0) & (ones < len(y)))
        if not judged.size:
            raise ValueError(
                f"auc needs samples of two classes, all {len(y)} of y are of class {_classes(y)[0]}"
            )
        return float(np.mean([_area(positive[:, j], a[:, j]) for j in judged]))


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

    def value(self, y: Rows, a: Rows) -> float:
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
        return float(-np.mean((y * np.log(p)).sum(axis=1)))


# ------------------------------------------------------------------ regression


class R2(Metric):
    """Coefficient of determination, the mean over the outputs.

    An output whose target is constant counts as 1 where it is met and 0 where not, as in
    scikit-learn; that of a single sample is constant (scikit-learn gives NaN).

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.R2()([[1.0], [2.0], [3.0]], [[1.0], [2.0], [4.0]])
    0.5
    """

    name = "r2"
    task = "regression"

    def value(self, y: Rows, a: Rows) -> float:
        unexplained = (_distances(y, a) ** 2).sum(axis=0)
        spread = ((y - y.mean(axis=0, dtype=np.float64)) ** 2).sum(axis=0)
        spread[y.max(axis=0) == y.min(axis=0)] = 0.0  # where it is constant, the rest is rounding
        missed = (unexplained > 0).astype(np.float64)
        return float(1.0 - np.divide(unexplained, spread, out=missed, where=spread > 0).mean())


class MAE(Metric):
    """Mean absolute error, the mean over the outputs.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.MAE()([[1.0], [2.0]], [[1.0], [5.0]])
    1.5
    """

    name = "mae"
    lower_is_better = True
    task = "regression"

    def value(self, y: Rows, a: Rows) -> float:
        return float(np.abs(_distances(y, a)).mean())


class RMSE(Metric):
    """Root of the mean squared error, the mean of the outputs' own roots.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.RMSE()([[1.0], [2.0]], [[4.0], [5.0]])
    3.0
    """

    name = "rmse"
    lower_is_better = True
    task = "regression"

    def value(self, y: Rows, a: Rows) -> float:
        return float(np.sqrt((_distances(y, a) ** 2).mean(axis=0)).mean())


# ------------------------------------------------------------------ one's own


class CustomMetric(Metric):
    """A function of one's own as a metric.

    Parameters
    ----------
    value_of : callable
        ``value_of(y, a) -> float``, of NumPy arrays of shape (m, n_L).
    name : str, optional
        By default the function's.
    lower_is_better : bool, optional
        By default whether the name ends in ``_error``, ``_loss`` or ``_deviance``, as
        scikit-learn's do where it is.
    task : {"classification", "regression"}, optional
        By default it is for both.

    Examples
    --------
    >>> import bpnet
    >>> worst = bpnet.metrics.CustomMetric(
    ...     lambda y, a: abs(a - y).max(), name="worst", lower_is_better=True
    ... )
    >>> worst([[1.0], [2.0]], [[1.5], [2.0]])
    0.5
    """

    value_of: Callable[[Rows, Rows], float]
    name: str = ""
    lower_is_better: bool | None = None  # type: ignore[misc,assignment]  # each has its own
    task: str | None = None  # type: ignore[misc]

    def __post_init__(self) -> None:
        if not callable(self.value_of):
            raise TypeError(f"a metric must be a function of (y, a), not {self.value_of!r}")
        name = self.name or getattr(self.value_of, "__name__", "")
        if not isinstance(name, str) or not name or name == "<lambda>":
            raise ValueError(
                f"the metric {self.value_of!r} has no name for the columns of a history: "
                "bpnet.metrics.CustomMetric(function, name=...) gives it one"
            )
        if name == "cost" or name in _BUILT_IN or re.fullmatch(_TOP_K, name):
            raise ValueError(
                f"the name {name!r} is that of one of bpnet's own figures: "
                "bpnet.metrics.CustomMetric(function, name=...) gives another one"
            )
        if self.task is not None:
            check_name(self.task, _TASKS, "task")
        falls = self.lower_is_better
        object.__setattr__(self, "name", name)
        object.__setattr__(
            self, "lower_is_better", name.endswith(_FALLING) if falls is None else bool(falls)
        )

    def value(self, y: Rows, a: Rows) -> float:
        figure = self.value_of(y, a)
        try:
            return float(figure)
        except (TypeError, ValueError):
            raise TypeError(
                f"the metric {self.name!r} must return a number, not {figure!r}"
            ) from None


_TOP_K = r"top_(\d+)_accuracy"  # compiled when it is first asked for

_BUILT_IN: dict[str, Callable[[], Metric]] = {
    "accuracy": Accuracy,
    "auc": AUC,
    "balanced_accuracy": BalancedAccuracy,
    "f1": F1,
    **{f"f1_{average}": functools.partial(F1, average) for average in _AVERAGES},
    "log_loss": LogLoss,
    "mae": MAE,
    "r2": R2,
    "rmse": RMSE,
    "top_5_accuracy": TopKAccuracy,
}


def get(metric: Any) -> Metric:
    """The metric of that name, of that function, or the argument where it is one.

    Parameters
    ----------
    metric : str, Metric or callable
        A name: ``"accuracy"``, ``"balanced_accuracy"``, ``"f1"`` (``"f1_micro"``,
        ``"f1_weighted"``, ``"f1_binary"``), ``"auc"``, ``"log_loss"``, ``"top_5_accuracy"`` (or
        with another number), ``"r2"``, ``"mae"``, ``"rmse"``. Or a function ``f(y, a) -> float``,
        which gets its own name: see `CustomMetric`.

    Returns
    -------
    Metric

    Raises
    ------
    ValueError
        If there is none of that name, or a function has no name.
    TypeError
        If it is none of these.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.get("top_3_accuracy")
    TopKAccuracy(k=3)
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, type) and issubclass(metric, Metric):
        return metric()
    if isinstance(metric, str):
        if top := re.fullmatch(_TOP_K, metric):
            return TopKAccuracy(int(top[1]))
        return _BUILT_IN[check_name(metric, _BUILT_IN, "metric")]()
    if not callable(metric):
        raise TypeError(f"a metric must be a name or a function of (y, a), not {metric!r}")
    return CustomMetric(metric)


def get_all(metrics: Iterable[Any]) -> tuple[Metric, ...]:
    """Several metrics, whose names must differ.

    Parameters
    ----------
    metrics : iterable of str, Metric or callable

    Returns
    -------
    tuple of Metric

    Raises
    ------
    ValueError, TypeError
        As `get`; also if two have the same name, or a single one was given.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.get_all(["mae", "rmse"])
    (MAE(), RMSE())
    """
    if isinstance(metrics, str) or not isinstance(metrics, Iterable):
        raise TypeError(f"metrics must be a list of names or functions, not {metrics!r}")
    chosen = tuple(get(one) for one in metrics)
    names = [one.name for one in chosen]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{names.count(name)} of the metrics are called {name!r}")
    return chosen


def _classes(rows: Rows) -> Rows:
    """Class index of each row, shape (m,)."""
    if rows.shape[1] == 1:
        return (rows[:, 0] > 0.5).astype(np.intp)
    largest: Rows = rows.argmax(axis=1)
    return largest


def _counts(y: Rows, a: Rows) -> tuple[Rows, Rows, Rows]:
    """Of each class: samples predicted rightly, samples, predictions; shape (classes,) each."""
    right, predicted, n = _classes(y), _classes(a), max(2, y.shape[1])
    hits = right[right == predicted]
    first, second, third = (np.bincount(one, minlength=n) for one in (hits, right, predicted))
    return first, second, third


def _area(positive: Rows, a: Rows) -> float:
    """Area under one ROC curve: the Mann-Whitney statistic, from the ranks of the positive."""
    _, places, counts = np.unique(a, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - 0.5 * (counts - 1)  # equal ones share their mean rank
    ones = int(positive.sum())
    above = ranks[places][positive].sum() - 0.5 * ones * (ones + 1)
    return float(above / (ones * (len(a) - ones)))


def _distances(y: Rows, a: Rows) -> Rows:
    """``a - y`` in float64."""
    return a.astype(np.float64) - y
