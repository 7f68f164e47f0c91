"""The losses whose values scikit-learn reports; their gradients are those of bpnet's costs.

scikit-learn clips probabilities before it takes their logarithm, averages the squared error over
the outputs too, and adds to the Poisson loss what makes it a deviance. No gradient changes by that.
"""

from __future__ import annotations

from typing import Any

from ..activations import Activation, Identity
from ..backends import Array, namespace
from ..costs import BinaryCrossEntropy, CategoricalCrossEntropy, Cost, Poisson, Quadratic

__all__ = ["LOSSES", "BinaryLogLoss", "LogLoss", "PoissonDeviance", "SquaredError"]


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

    partner: Activation = Identity()  # type: ignore[assignment]  # Quadratic's is the book's

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


LOSSES: dict[str, type[Cost]] = {
    "log_loss": LogLoss,
    "squared_error": SquaredError,
    "poisson": PoissonDeviance,
}
"""scikit-learn's names; a log loss of sigmoid outputs is a `BinaryLogLoss`."""
