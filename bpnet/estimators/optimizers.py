"""scikit-learn's optimizers, to the rounding: they differ from the papers in two places.

The momentum's velocity holds the learning rate of each step, so that a falling rate does not slow
what was gathered before; and Adam adds epsilon to the root of v before v is corrected.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._lib.constraints import Constraints, Number
from ..backends import Array
from ..optimizers import Adam, Momentum, Optimizer
from ..optimizers.base import Memory
from ..optimizers.registry import get
from ..training.lbfgs import LBFGS
from ..training.settings import is_solver

__all__ = [
    "ScikitAdam",
    "ScikitMomentum",
    "changes_rate",
    "chosen_optimizer",
    "trains_by_lbfgs",
]


_SCIPYS_TOLERANCE = 1e7 * float(np.finfo(np.float64).eps)
"""Of the cost, where an L-BFGS is not told one, as by scikit-learn."""


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


def chosen_optimizer(estimator: Any) -> Optimizer | LBFGS:
    """What trains an estimator: its ``optimizer``, or that of its ``solver``.

    Raises
    ------
    ValueError
        If parameters that exclude one another were given.
    """
    given, schedule = estimator.optimizer, estimator.schedule
    if given is not None and estimator.solver == "lbfgs":
        raise ValueError(
            f'solver="lbfgs" and optimizer={given!r} both say how to train: leave one out'
        )
    if schedule is not None and estimator.learning_rate != "constant":
        raise ValueError(
            f"schedule and learning_rate={estimator.learning_rate!r} both change the learning "
            "rate: leave one out"
        )
    if trains_by_lbfgs(estimator):
        if schedule is not None:
            raise ValueError("L-BFGS has no learning rate: leave out schedule")
        if np.any(estimator.dropout):
            raise ValueError(
                f"dropout={estimator.dropout!r} makes the loss another at every call, and L-BFGS "
                'needs one that stays: use dropout=0, or solver="adam"'
            )
        if isinstance(given, LBFGS):
            return given
        return LBFGS(
            gradient_tolerance=float(estimator.tol),
            cost_tolerance=_SCIPYS_TOLERANCE,
            max_evaluations=int(estimator.max_fun),
        )
    if isinstance(given, Optimizer):
        return given if schedule is None else given.replaced(learning_rate=schedule)
    rate = float(estimator.learning_rate_init) if schedule is None else schedule
    if given is not None:
        return get(given).replaced(learning_rate=rate)
    if estimator.solver == "sgd":
        nesterov = bool(estimator.nesterovs_momentum)
        return ScikitMomentum(rate, float(estimator.momentum), nesterov)
    decay = float(estimator.beta_1), float(estimator.beta_2)
    return ScikitAdam(rate, *decay, float(estimator.epsilon))


def trains_by_lbfgs(estimator: Any) -> bool:
    """Whether an estimator trains on all samples at once."""
    return estimator.solver == "lbfgs" or is_solver(estimator.optimizer)


def changes_rate(estimator: Any) -> bool:
    """Whether ``learning_rate`` counts: scikit-learn's "adam" does not heed it."""
    return estimator.solver == "sgd" or estimator.optimizer is not None
