"""scikit-learn's optimizers, to the rounding: they differ from the papers in two places.

The momentum's velocity holds the learning rate of each step, so that a falling rate does not slow
what was gathered before; and Adam adds epsilon to the root of v before v is corrected.
"""

from __future__ import annotations

import math
from typing import Any

from .._lib.constraints import Constraints, Number
from ..backends import Array
from ..optimizers import Adam, Momentum, Optimizer
from ..optimizers.base import Memory

__all__ = ["ScikitAdam", "ScikitMomentum", "solver_optimizer"]


class ScikitMomentum(Momentum):
    """``v <- mu v - eta g``, ``theta <- theta + v``; with Nesterov's ``theta + mu v - eta g``.

    Parameters
    ----------
    learning_rate : float or callable, optional
    momentum : float, optional
        mu, from 0 to 1.
    nesterov : bool, optional
    """

    constraints = Constraints(momentum=Number(0.0, 1.0, closed="both"))

    nesterov: bool = True

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        (eta,), (v,) = rates, memory
        move = eta * gradient
        v = self.momentum * v - move
        return theta + (self.momentum * v - move if self.nesterov else v), (v,)


class ScikitAdam(Adam):
    """Adam with ``theta <- theta - eta_t m / (sqrt(v) + epsilon)``.

    ``eta_t = eta sqrt(1 - beta2^t) / (1 - beta1^t)`` in step t from 1, with the running means m and
    v: epsilon counts for more in the first steps than in Kingma and Ba's algorithm.

    Parameters
    ----------
    learning_rate : float or callable, optional
    beta1, beta2 : float, optional
    epsilon : float, optional
    """

    def rates(self, t: int, factor: float = 1.0) -> tuple[float, ...]:
        # The memory has m / (1 - beta1) and v / (1 - beta2).
        mean, root = self._corrections(t)
        eta = self.learning_rate_at(t, factor) * mean / root
        return eta, self.epsilon / math.sqrt(1.0 - self.beta2)


def solver_optimizer(estimator: Any, learning_rate: Any) -> Optimizer:
    """The optimizer of ``solver="sgd"`` or ``"adam"``, with the estimator's parameters."""
    if estimator.solver == "sgd":
        return ScikitMomentum(learning_rate, estimator.momentum, estimator.nesterovs_momentum)
    return ScikitAdam(learning_rate, estimator.beta_1, estimator.beta_2, estimator.epsilon)
