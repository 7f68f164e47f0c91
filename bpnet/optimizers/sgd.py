"""Stochastic gradient descent, plain and with momentum."""

from __future__ import annotations

from typing import Any

from .._lib.constraints import Constraints, Number
from ..backends import Array
from ..schedules.base import Rate
from .base import Memory, Optimizer, zeros

__all__ = ["SGD", "Momentum", "Nesterov"]


class SGD(Optimizer):
    """Stochastic gradient descent: ``theta <- theta - eta g``.

    Parameters
    ----------
    learning_rate : float or callable, optional
        The book's eta.

    References
    ----------
    Nielsen, Neural Networks and Deep Learning, ch. 1, eqs. (20)-(21).

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> sgd = bpnet.SGD(learning_rate=0.5)
    >>> theta, memory = sgd.update(np.ones(2), np.asarray([1.0, -1.0]), (), sgd.rates(0), np)
    >>> theta
    array([0.5, 1.5])
    """

    learning_rate: Rate = 0.1

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        (eta,) = rates
        return theta - eta * gradient, memory


class Momentum(Optimizer):
    """Heavy ball: ``v <- mu v + g``, ``theta <- theta - eta v`` (Polyak, 1964).

    Parameters
    ----------
    learning_rate : float or callable, optional
    momentum : float, optional
        mu, at least 0 and less than 1. The book's velocity is ``-eta v``.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.Momentum(learning_rate=0.1)
    Momentum(learning_rate=0.1, momentum=0.9)
    """

    constraints = Constraints(momentum=Number(0.0, 1.0))

    learning_rate: Rate = 0.1
    momentum: float = 0.9

    def init(self, theta: Array, xp: Any) -> Memory:
        return (zeros(theta, xp),)

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        (eta,), (v,) = rates, memory
        v = self.momentum * v + gradient
        return theta - eta * v, (v,)


class Nesterov(Momentum):
    """Nesterov's: ``v <- mu v + g``, ``theta <- theta - eta (g + mu v)``.

    In the form of Sutskever et al., 2013, where theta is the point that is looked ahead to.

    Parameters
    ----------
    learning_rate : float or callable, optional
    momentum : float, optional
        mu, at least 0 and less than 1.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.Nesterov(momentum=0.8)
    Nesterov(learning_rate=0.1, momentum=0.8)
    """

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        (eta,), (v,) = rates, memory
        v = self.momentum * v + gradient
        return theta - eta * (gradient + self.momentum * v), (v,)
