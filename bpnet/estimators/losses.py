"""The losses whose values scikit-learn reports; their gradients are those of bpnet's costs.

scikit-learn clips probabilities before it takes their logarithm, averages the squared error over
the outputs too, and adds to the Poisson loss what makes it a deviance. No gradient changes by that.
"""

from __future__ import annotations

from typing import Any

from .. import costs
from ..activations import Activation, Identity, Sigmoid, Softmax
from ..backends import Array, namespace
from ..costs import BinaryCrossEntropy, CategoricalCrossEntropy, Cost, Poisson, Quadratic

__all__ = [
    "CLASSIFIER_LOSSES",
    "REGRESSOR_LOSSES",
    "BinaryLogLoss",
    "LogLoss",
    "PoissonDeviance",
    "SquaredError",
    "check_targets",
    "classifier_loss",
    "regressor_loss",
]


class _Reported(Cost):
    """A cost whose value is computed from the outputs, whatever the output layer."""

    def of_output(self, sigma: Activation, z: Array, y: Array, xp: Any) -> Array:
        return self.value(sigma.value(z, xp), y, xp)


class LogLoss(_Reported, CategoricalCrossEntropy):
    """``-sum_j y_j log p_j``, with probabilities kept within eps and 1 - eps."""

    def value(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        return -xp.sum(y * xp.log(_clipped(a, xp)), axis=-1)


class BinaryLogLoss(_Reported, BinaryCrossEntropy):
    """``-sum_j [y_j log p_j + (1 - y_j) log(1 - p_j)]``, clipped likewise."""

    def value(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        p = _clipped(a, xp)
        return -xp.sum(y * xp.log(p) + (1.0 - y) * xp.log(1.0 - p), axis=-1)


class SquaredError(_Reported, Quadratic):
    """Half the squared error, averaged over the outputs; the gradient is that of their sum."""

    def value(self, a: Array, y: Array, xp: Any = None) -> Array:
        return super().value(a, y, xp) / a.shape[-1]


class PoissonDeviance(_Reported, Poisson):
    """``sum_j (y_j log(y_j / a_j) - y_j + a_j)``, half the Poisson deviance."""

    def value(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        least = float(xp.finfo(a.dtype).smallest_normal)
        log_ratio = xp.log(xp.maximum(y, least)) - xp.log(xp.maximum(a, least))
        return xp.sum(y * log_ratio - y + a, axis=-1)


def _clipped(a: Array, xp: Any) -> Array:
    """Probabilities of which neither p nor 1 - p is less than the type's eps."""
    eps = float(xp.finfo(a.dtype).eps)
    return xp.clip(a, eps, 1.0 - eps)


_REPORTED: dict[str, type[Cost]] = {
    "log_loss": LogLoss,
    "squared_error": SquaredError,
    "poisson": PoissonDeviance,
}
_OF_BOTH = {
    "squared_error",
    "quadratic",
    "absolute_error",
    "absolute",
    "huber",
    "binary_cross_entropy",
    "cross_entropy",
}
CLASSIFIER_LOSSES = {*_OF_BOTH, "log_loss", "categorical_cross_entropy", "log_likelihood"}
REGRESSOR_LOSSES = {*_OF_BOTH, "poisson"}
"""scikit-learn's names, those of `bpnet.costs`, and the book's."""


def classifier_loss(given: str | Cost, y_type: str) -> tuple[Cost, Activation]:
    """The cost that a loss stands for, and the output layer's activation: a probability.

    Parameters
    ----------
    given : str or Cost
    y_type : {"binary", "multiclass", "multilabel-indicator"}
        Two classes have one output, and labels each their own.

    Raises
    ------
    ValueError
        If it is a cost of several classes and there are none, or one of counts.
    """
    several = y_type == "multiclass"
    if given == "log_loss":
        return (LogLoss(), Softmax()) if several else (BinaryLogLoss(), Sigmoid())
    cost = _cost(given)
    if isinstance(cost, Poisson):
        raise ValueError(f"loss={given!r} is for counts, not for classes: MLPRegressor takes it")
    if isinstance(cost, CategoricalCrossEntropy) and not several:
        what = "two classes have one" if y_type == "binary" else "labels have one each"
        raise ValueError(
            f"loss={given!r} compares the outputs of several classes, but {what}: use "
            'loss="log_loss", which is the cross-entropy of either'
        )
    # The book's quadratic cost has sigmoid outputs, but classes exclude one another.
    apart = isinstance(cost.partner, Sigmoid) and not isinstance(cost, Quadratic)
    return cost, Softmax() if several and not apart else Sigmoid()


def regressor_loss(given: str | Cost) -> tuple[Cost, Activation]:
    """The cost that a loss stands for, and the output layer's activation.

    Raises
    ------
    ValueError
        If it is a cost of classes.
    """
    cost = _cost(given)
    if isinstance(cost, CategoricalCrossEntropy):
        raise ValueError(f"loss={given!r} is for classes, not for numbers: MLPClassifier takes it")
    return cost, Identity() if isinstance(cost, Quadratic) else cost.partner


def check_targets(cost: Cost, targets: Array, given: str | Cost, name: str = "y") -> None:
    """Raise ValueError if targets lie outside the bounds of a cost.

    Parameters
    ----------
    cost : Cost
    targets : array, shape (n, n_outputs)
    given : str or Cost
        What the estimator was given as its loss.
    name : str, optional
        What the message calls the targets.
    """
    low, high = cost.targets
    if (low, high) == Cost.targets:
        return
    xp = namespace(targets)
    least, most = float(xp.min(targets)), float(xp.max(targets))
    if least < low or most > high:
        bounds = f"of at least {low:g}" if high == Cost.targets[1] else f"from {low:g} to {high:g}"
        raise ValueError(
            f"loss={given!r} needs targets {bounds}, but {name} goes from {least:g} to {most:g}"
        )


def _cost(given: str | Cost) -> Cost:
    if isinstance(given, str) and given in _REPORTED:
        return _REPORTED[given]()
    return costs.get(given)
