"""What a network must beat: a constant answer, and a linear model on the same inputs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._lib.install import pip_install
from .._lib.wording import shortened, shown
from ..data import Dataset
from .outputs import Outputs

__all__ = [
    "Baseline",
    "constant_baseline",
    "linear_baseline",
    "stored_baseline",
    "training_shares",
]

_MOST_VALUES = 2_000_000  # of the inputs of a linear model, times its classes: a second or so
_FEWEST_ROWS = 5  # for each input, where only some rows are taken
_LONGEST_LABEL = 24


@dataclass(frozen=True)
class Baseline:
    """A simple model, fitted on training rows.

    Attributes
    ----------
    name : str
        In a report, as ``"majority class"``.
    words : str
        What it does, as "always predicting 'no'".
    outputs : callable
        From inputs of shape (m, n_0) to `Outputs`.
    """

    name: str
    words: str
    outputs: Callable[[NDArray[Any]], Outputs]


def constant_baseline(
    task: str,
    truth: NDArray[Any],
    classes: tuple[Any, ...] | None = None,
    weights: NDArray[Any] | None = None,
) -> Baseline:
    """The most frequent class, the more frequent value of each label, or the mean.

    Its probabilities are the shares of the classes, those with the lowest log loss of all that are
    the same for every row.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression"}
    truth : array, shape (m,) or (m, n)
        Class indices; zeros and ones; or numbers. An index beyond the classes does not count.
    classes : tuple, optional
        The label of each.
    weights : array, shape (m,), optional

    Examples
    --------
    >>> import numpy as np
    >>> majority = constant_baseline("classification", np.array([0, 1, 1, 1]), ("no", "yes"))
    >>> majority.words, majority.outputs(np.zeros((1, 5))).probabilities
    ("always predicting 'yes'", array([[0.25, 0.75]]))
    """
    w = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)
    if task != "classification":
        return _constant(task, np.average(truth.reshape(len(truth), -1), axis=0, weights=w))
    n = len(classes or ())
    known = truth < n
    counts = np.bincount(truth[known], w[known], minlength=n)
    return _constant(task, counts / max(counts.sum(), 1e-300), classes)


def training_shares(data: Dataset) -> list[float]:
    """What a constant baseline says, for the metadata of a network: `stored_baseline` reads it.

    The share of each class or label in the training rows, or the mean of each target.
    """
    preprocessing, y = data.preprocessing, data.train[1]
    if data.task == "regression" and preprocessing is not None:
        y = preprocessing.inverse_target(y)
    weights = None if data.weights is None else data.weights[0]
    baseline = constant_baseline(data.task, np.asarray(y), data.classes, weights)
    said = baseline.outputs(data.train[0][:1])
    found: list[float] = (said.predicted if said.probabilities is None else said.probabilities)[
        0
    ].tolist()
    return found


def stored_baseline(
    task: str, shares: object, classes: tuple[Any, ...] | None, targets: int
) -> Baseline | None:
    """The constant baseline of `training_shares`; None if they are not there, or not such."""
    n = targets if task == "regression" else len(classes or ())
    if not isinstance(shares, list) or len(shares) != n:
        return None
    if not all(type(one) in (int, float) and math.isfinite(one) for one in shares):
        return None
    if task != "regression" and not all(0 <= one <= 1 for one in shares):
        return None
    return _constant(task, np.array(shares, dtype=np.float64), classes)


def _constant(
    task: str, shares: NDArray[np.float64], classes: tuple[Any, ...] | None = None
) -> Baseline:
    """From the shares of classes or labels, or the means."""
    if task == "regression":
        return Baseline("mean", "always predicting the mean", _always(shares, None))
    if task == "multilabel":
        words = "always predicting the more frequent value of each label"
        return Baseline("majority", words, _always((shares > 0.5).astype(np.int64), shares))
    largest = int(shares.argmax())
    words = f"always predicting {shortened(shown((classes or ())[largest]), _LONGEST_LABEL)}"
    return Baseline("majority class", words, _always(np.int64(largest), shares))


def linear_baseline(
    task: str,
    x: NDArray[Any],
    truth: NDArray[Any],
    classes: int = 0,
    weights: NDArray[Any] | None = None,
) -> tuple[Baseline | None, str]:
    """Logistic or ridge regression of scikit-learn on standardized inputs, with its defaults.

    It takes a second or so at most: of a large table it is fitted on some rows, and of a very wide
    one not at all.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression"}
    x : array, shape (m, n_0)
        Inputs of the training rows, as the network has them.
    truth : array, shape (m,) or (m, n)
        As of `constant_baseline`.
    classes : int, optional
        Number of classes or labels.
    weights : array, shape (m,), optional

    Returns
    -------
    baseline : Baseline or None
    note : str
        Why there is none, or on which rows it was fitted; empty where there is nothing to tell.
    """
    name = "ridge regression" if task == "regression" else "logistic regression"
    fits = max(1, classes if classes > 2 or task == "multilabel" else 1)
    width = x.shape[1] * (fits if task != "regression" else max(1, min(x.shape) // 1000))
    most = max(_MOST_VALUES // max(width, 1), 1)
    note = ""
    if most < len(x):
        if most < _FEWEST_ROWS * x.shape[1]:
            outputs = f" and {classes} classes" * (classes > 2)
            return None, (
                f"no linear model beside it, which would take long with {x.shape[1]:,} inputs"
                f"{outputs}"
            )
        note = f"{name} is fitted on {most:,} of the {len(x):,} training rows, chosen at random"
        rows = np.sort(np.random.default_rng(0).permutation(len(x))[:most])
        x, truth = x[rows], truth[rows]
        weights = None if weights is None else weights[rows]
    try:
        from sklearn import linear_model
    except ImportError:
        return None, (
            f"no linear model beside it, which needs scikit-learn: {pip_install('scikit-learn')}"
        )
    scaled, scale = _standardized(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        if task == "regression":
            ridge = linear_model.Ridge().fit(scaled, truth, sample_weight=weights)
            return Baseline(name, "a linear model", _numbers(ridge, scale)), note
        columns = truth.T if task == "multilabel" else [truth]
        models = [_logistic(linear_model, scaled, column, weights) for column in columns]
    if task == "multilabel":
        return Baseline(name, "a linear model", _labels(models, scale)), note
    return Baseline(name, "a linear model", _classes(models[0], scale, classes)), note


def _standardized(x: NDArray[Any]) -> tuple[NDArray[Any], Callable[[NDArray[Any]], NDArray[Any]]]:
    """Inputs of mean 0 and variance 1, and the function that makes them so."""
    scaled = x.astype(np.float64)  # changed in place, as there may be much of it
    mean = scaled.mean(axis=0)
    scaled -= mean
    deviation = np.sqrt(np.einsum("ij,ij->j", scaled, scaled) / len(x))
    deviation[deviation < 1e-12] = 1.0  # of an input that is constant
    scaled /= deviation

    def scale(x: NDArray[Any]) -> NDArray[Any]:
        return np.asarray((x - mean) / deviation)

    return scaled, scale


def _logistic(
    linear_model: Any, x: NDArray[Any], truth: NDArray[Any], weights: NDArray[Any] | None
) -> Any:
    """A fitted model; or the one class that there is."""
    there = np.unique(truth if weights is None else truth[weights > 0])
    if len(there) < 2:
        return there[0]
    return linear_model.LogisticRegression().fit(x, truth, sample_weight=weights)


def _numbers(ridge: Any, scale: Callable[..., NDArray[Any]]) -> Callable[..., Outputs]:
    def outputs(x: NDArray[Any]) -> Outputs:
        return Outputs(ridge.predict(scale(x)).reshape(len(x), -1))

    return outputs


def _classes(
    model: Any, scale: Callable[..., NDArray[Any]], classes: int
) -> Callable[..., Outputs]:
    def outputs(x: NDArray[Any]) -> Outputs:
        p = np.zeros((len(x), classes))
        if not hasattr(model, "classes_"):
            p[:, int(model)] = 1.0
        else:
            p[:, model.classes_] = model.predict_proba(scale(x))
        return Outputs(p.argmax(axis=1), p)

    return outputs


def _labels(models: list[Any], scale: Callable[..., NDArray[Any]]) -> Callable[..., Outputs]:
    def outputs(x: NDArray[Any]) -> Outputs:
        x = scale(x)
        p = np.stack(
            [
                one.predict_proba(x)[:, 1] if hasattr(one, "classes_") else np.full(len(x), one)
                for one in models
            ],
            axis=1,
        )
        return Outputs((p > 0.5).astype(np.int64), p)

    return outputs


def _always(
    predicted: NDArray[Any] | np.int64, probabilities: NDArray[Any] | None
) -> Callable[..., Outputs]:
    def outputs(x: NDArray[Any]) -> Outputs:
        def rows(one: Any) -> NDArray[Any]:
            return np.broadcast_to(one, (len(x), *np.shape(one)))

        return Outputs(rows(predicted), None if probabilities is None else rows(probabilities))

    return outputs
