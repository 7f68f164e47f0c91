"""A rate for each parameter, from the squares of its gradients: AdaGrad and RMSProp."""

from __future__ import annotations

import math
from typing import Any

from .._lib.constraints import Constraints, Number
from ..backends import Array
from ..schedules.base import Rate
from .base import Memory, Optimizer, zeros

__all__ = ["AdaGrad", "RMSProp"]


class AdaGrad(Optimizer):
    """``v <- v + g^2``, ``theta <- theta - eta g / (sqrt(v) + epsilon)``.

    Parameters
    ----------
    learning_rate : float or callable, optional
    epsilon : float, optional

    References
    ----------
    J. Duchi, E. Hazan and Y. Singer, Adaptive subgradient methods, 2011.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.AdaGrad()
    AdaGrad(learning_rate=0.01, epsilon=1e-10)
    """

    constraints = Constraints(epsilon=Number(0.0))

    learning_rate: Rate = 0.01
    epsilon: float = 1e-10

    def init(self, theta: Array, xp: Any) -> Memory:
        return (zeros(theta, xp),)

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        (eta,), (v,) = rates, memory
        v = v + gradient * gradient
        return theta - eta * (gradient / (xp.sqrt(v) + self.epsilon)), (v,)


class RMSProp(Optimizer):
    """``theta <- theta - eta g / (sqrt((1 - alpha) v) + epsilon)``, ``v <- alpha v + g^2``.

    So ``(1 - alpha) v`` is the running mean of the squares. Its factor is left to `rates`, so that
    a step passes over its vectors fewer times.

    Parameters
    ----------
    learning_rate : float or callable, optional
    alpha : float, optional
        At least 0 and less than 1.
    epsilon : float, optional

    References
    ----------
    T. Tieleman and G. Hinton, Neural networks for machine learning, lecture 6.5, 2012.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.RMSProp()
    RMSProp(learning_rate=0.01, alpha=0.99, epsilon=1e-08)
    """

    constraints = Constraints(alpha=Number(0.0, 1.0), epsilon=Number(0.0))
    per_step = ("learning_rate", "epsilon")

    learning_rate: Rate = 0.01
    alpha: float = 0.99
    epsilon: float = 1e-8

    def rates(self, t: int, factor: float = 1.0) -> tuple[float, ...]:
        root = math.sqrt(1.0 - self.alpha)
        return self.learning_rate_at(t, factor) / root, self.epsilon / root

    def init(self, theta: Array, xp: Any) -> Memory:
        return (zeros(theta, xp),)

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        (eta, epsilon), (v,) = rates, memory
        v = self.alpha * v + gradient * gradient
        return theta - eta * (gradient / (xp.sqrt(v) + epsilon)), (v,)
