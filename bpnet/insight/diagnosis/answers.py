"""How good the answers are: cost beside the best constant's, accuracy, calibration."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._lib.frozen import Frozen
from ...activations import PerNeuron
from ...model import Model
from .thresholds import BINS, DRAWS

__all__ = ["AnswerFigures", "calibration", "measured_answers"]


class AnswerFigures(Frozen):
    """The outputs on the samples, beside the targets.

    Parameters
    ----------
    cost : float
        Mean over the samples.
    constant : float
        The same of the better of two constant answers, the targets' mean and their median.
    uninformed : float
        The same of 1/2, or of equal probabilities, where targets are labels or classes; otherwise
        that of the best constant answer.
    perfect : float
        The same of answers equal to the targets, or as near as the outputs' range allows: the
        entropy of targets that are probabilities, for instance.
    gain : float
        How far the cost has come from that of the constant to the perfect one: 0 to 1, or negative.
    accuracy, majority : float or None
        Share of samples whose class is right, and of the most frequent class.
    calibration : float or None
        Expected calibration error: by how much confidence misses accuracy on average.
    confidence : float or None
        Mean probability of the class that is predicted.
    calibrated : float or None
        What it would be if the probabilities were right, for so few samples.
    calibration_error : float or None
        Standard deviation of that.
    """

    cost: float
    constant: float
    uninformed: float
    perfect: float
    gain: float
    accuracy: float | None = None
    majority: float | None = None
    calibration: float | None = None
    confidence: float | None = None
    calibrated: float | None = None
    calibration_error: float | None = None

    def far(self, cost: float, times: float, than: float | None = None) -> bool:
        """Whether a cost exceeds that of an uninformed answer, or a larger one, so many times.

        Costs count from the perfect one.
        """
        level = max(self.uninformed, self.uninformed if than is None else than) - self.perfect
        return level > 0.0 and cost - self.perfect > times * level

    def to_dict(self) -> dict[str, Any]:
        """The fields, by name."""
        return {name: getattr(self, name) for name in self.fields}


def measured_answers(
    model: Model, a: NDArray[Any], y: NDArray[Any], costs: NDArray[Any], kind: str
) -> AnswerFigures:
    """Figures of outputs against targets, both of shape (m, n_L).

    ``kind`` is "classes", "labels" or "numbers".
    """
    cost, constant = float(costs.mean()), _constant_cost(model, y)
    uninformed = constant
    if kind != "numbers" and model.output.range == (0.0, 1.0):
        even = 0.5 if kind == "labels" or y.shape[1] == 1 else 1.0 / y.shape[1]
        uninformed = max(constant, _cost_of(model, np.full(y.shape[1], even), y))
    low, high = model.output.range
    perfect = _cost_of(model, np.clip(y, low, high), y)
    gain = 0.0
    if math.isfinite(cost) and constant > perfect:
        gain = (constant - cost) / (constant - perfect)
    if kind != "classes":
        return AnswerFigures(cost, constant, uninformed, perfect, gain)
    if a.shape[1] == 1:
        true, p = y[:, 0] > 0.5, a[:, 0]
        predicted = p > 0.5
        right, confidence = predicted == true, np.where(predicted, p, 1.0 - p)
        majority = max(true.mean(), 1.0 - true.mean())
    else:
        true, predicted = y.argmax(axis=1), a.argmax(axis=1)
        right, confidence = predicted == true, a.max(axis=1)
        majority = y.mean(axis=0).max()
    found = AnswerFigures(
        cost, constant, uninformed, perfect, gain, float(right.mean()), float(majority)
    )
    if low < 0.0 or high > 1.0 or not np.isfinite(confidence).all():
        return found
    error, expected, deviation = calibration(confidence, right)
    return found.replaced(
        calibration=error,
        confidence=float(confidence.mean()),
        calibrated=expected,
        calibration_error=deviation,
    )


def calibration(
    confidence: NDArray[Any], right: NDArray[Any], bins: int = BINS
) -> tuple[float, float, float]:
    """Expected calibration error, and that of a calibrated network with its standard deviation.

    Parameters
    ----------
    confidence : array, shape (m,)
        Probability of the class that is predicted.
    right : array of bool, shape (m,)
    bins : int, optional
        Of equally many samples each.

    Notes
    -----
    The error of few samples is above 0 even if every probability is right: `DRAWS` sets of answers
    drawn from the probabilities tell by how much.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.insight.diagnosis.answers import calibration
    >>> found = calibration(np.full(100, 0.9), np.arange(100) < 50, bins=1)
    >>> [round(one, 2) for one in found]
    [0.4, 0.02, 0.02]
    """
    order = np.argsort(confidence, kind="stable")
    p, hit = confidence[order], right[order].astype(np.float64)
    edges = np.linspace(0, len(p), min(bins, len(p)) + 1).astype(int)[:-1]

    def errors(hits: NDArray[Any]) -> NDArray[Any]:
        found: NDArray[Any] = np.abs(np.add.reduceat(hits - p, edges, axis=-1)).sum(axis=-1)
        return found / len(p)

    drawn = np.random.default_rng(0).random((DRAWS, len(p))) < p
    chance = errors(drawn.astype(np.float64))
    return float(errors(hit)), float(chance.mean()), float(chance.std())


def _constant_cost(model: Model, y: NDArray[Any]) -> float:
    """Mean cost of the targets' mean, or of their median, as the output of every sample."""
    low, high = model.output.range
    costs = []
    for answer in (y.mean(axis=0), np.median(y, axis=0)):
        reachable = answer if isinstance(model.output, PerNeuron) else np.clip(answer, low, high)
        costs.append(_cost_of(model, reachable, y))
    return min((one for one in costs if math.isfinite(one)), default=math.nan)


def _cost_of(model: Model, answer: NDArray[Any], y: NDArray[Any]) -> float:
    with np.errstate(all="ignore"):
        costs = model.cost.value(np.broadcast_to(answer, y.shape), y)
    return float(np.asarray(costs).mean())
