"""Optimizers: two pure functions each, on the flat vector theta.

``init(theta, xp)`` gives the memory, a tuple of vectors like theta. ``update(theta, gradient,
memory, rates, xp)`` gives the next theta and memory. What depends on the number of the step,
``rates(t)``, is computed on the host and handed to each step as an argument.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from ._choice import choose
from ._value import Value
from .backends import Array

__all__ = ["SGD", "Adam", "Momentum", "Nesterov", "Optimizer", "get"]

Memory: TypeAlias = tuple[Array, ...]


class Optimizer(Value):
    """How a gradient changes the parameters."""

    learning_rate: float

    def rates(self, t: int) -> tuple[float, ...]:
        """Numbers that step ``t`` (from 0) needs, the learning rate among them."""
        return (self.learning_rate,)

    def init(self, theta: Array, xp: Any) -> Memory:
        """Memory before the first step: vectors of theta's shape."""
        return ()

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        """Parameters and memory after a step, all of shape (size,)."""
        raise NotImplementedError


class SGD(Optimizer):
    """Stochastic gradient descent: ``theta <- theta - eta g``.

    Parameters
    ----------
    learning_rate : float, optional
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

    learning_rate: float = 0.1

    def __post_init__(self) -> None:
        _check(self, ("learning_rate", 0.0, math.inf))

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        (eta,) = rates
        return theta - eta * gradient, memory


class Momentum(Optimizer):
    """Heavy ball: ``v <- mu v + g``, ``theta <- theta - eta v`` (Polyak, 1964).

    Parameters
    ----------
    learning_rate : float, optional
    momentum : float, optional
        mu, at least 0 and less than 1. The book's velocity is ``-eta v``.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.Momentum(learning_rate=0.1)
    Momentum(learning_rate=0.1, momentum=0.9)
    """

    learning_rate: float = 0.1
    momentum: float = 0.9

    def __post_init__(self) -> None:
        _check(self, ("learning_rate", 0.0, math.inf), ("momentum", 0.0, 1.0))

    def init(self, theta: Array, xp: Any) -> Memory:
        return (xp.zeros_like(theta),)

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        (eta,), (v,) = rates, memory
        v = self.momentum * v + gradient
        return theta - eta * v, (v,)


class Nesterov(Momentum):
    """Nesterov's: ``v <- mu v + g``, ``theta <- theta - eta (g + mu v)``.

    In the form of Sutskever et al., 2013, with theta at the point looked ahead to.

    Parameters
    ----------
    learning_rate : float, optional
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


class Adam(Optimizer):
    """``theta <- theta - eta m^ / (sqrt(v^) + epsilon)`` (Kingma and Ba, 2015).

    With ``m^ = (1 - beta1) m / (1 - beta1^t)``, ``m <- beta1 m + g``, and
    ``v^ = (1 - beta2) v / (1 - beta2^t)``, ``v <- beta2 v + g^2``, in step t from 1: what depends
    on t alone is left to `rates`, so that a step goes over its vectors less often.

    Parameters
    ----------
    learning_rate : float, optional
    beta1, beta2 : float, optional
        At least 0 and less than 1.
    epsilon : float, optional

    Examples
    --------
    >>> import bpnet
    >>> bpnet.Adam()
    Adam(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-08)
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        _check(
            self,
            ("learning_rate", 0.0, math.inf),
            ("beta1", 0.0, 1.0),
            ("beta2", 0.0, 1.0),
            ("epsilon", 0.0, math.inf),
        )

    def rates(self, t: int) -> tuple[float, ...]:
        first = (1.0 - self.beta1) / (1.0 - self.beta1 ** (t + 1))  # m^ over m
        second = math.sqrt((1.0 - self.beta2) / (1.0 - self.beta2 ** (t + 1)))  # root of v^ over v
        return self.learning_rate * first / second, self.epsilon / second

    def init(self, theta: Array, xp: Any) -> Memory:
        return xp.zeros_like(theta), xp.zeros_like(theta)

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        (eta, epsilon), (m, v) = rates, memory
        m = self.beta1 * m + gradient
        v = self.beta2 * v + gradient * gradient
        return theta - eta * (m / (xp.sqrt(v) + epsilon)), (m, v)


def _check(optimizer: Optimizer, *bounds: tuple[str, float, float]) -> None:
    """Hold each named number, as a Python float, to ``low <= number < high``."""
    for name, low, high in bounds:
        value = float(getattr(optimizer, name))
        if not low <= value < high:
            limit = f"at least {low:g}" + (f" and less than {high:g}" if high < math.inf else "")
            raise ValueError(f"{name} must be {limit} and finite, not {value:g}")
        # A numpy.float64 would turn float32 arrays into float64 ones.
        object.__setattr__(optimizer, name, value)


_BUILT_IN: dict[str, Callable[[], Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adam": Adam,
}


def get(optimizer: str | Optimizer) -> Optimizer:
    """The optimizer of that name with its defaults, or the argument where it is one.

    Parameters
    ----------
    optimizer : str or Optimizer

    Returns
    -------
    Optimizer

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.optimizers.get("sgd")
    SGD(learning_rate=0.1)
    """
    return choose(optimizer, _BUILT_IN, Optimizer, "optimizer")
