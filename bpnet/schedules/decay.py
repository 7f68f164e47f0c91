"""Learning rates that fall as a power: of a factor, of time, of what is left."""

from __future__ import annotations

from .._lib.constraints import Constraints, Integer, Number
from .base import Schedule

__all__ = ["Exponential", "InverseTime", "Polynomial", "StepDecay"]


class StepDecay(Schedule):
    """Multiplied by a factor every ``steps`` steps: ``eta factor^floor(t / steps)``.

    Parameters
    ----------
    learning_rate : float
        eta.
    steps : int
        From one multiplication to the next.
    factor : float, optional

    References
    ----------
    In common use; the form is that of PyTorch's ``StepLR``.

    Examples
    --------
    >>> import bpnet
    >>> schedule = bpnet.schedules.StepDecay(0.8, steps=100, factor=0.5)
    >>> [schedule(step) for step in (0, 99, 100, 200)]
    [0.8, 0.8, 0.4, 0.2]
    """

    constraints = Constraints(learning_rate=Number(0.0), steps=Integer(1), factor=Number(0.0))

    learning_rate: float
    steps: int
    factor: float = 0.1

    def __call__(self, step: int) -> float:
        return float(self.learning_rate * self.factor ** (step // self.steps))


class Exponential(Schedule):
    """Multiplied by a factor gradually: ``eta factor^(t / steps)``.

    With a factor above 1 it is the range test, which looks for the rate at which the cost rises.

    Parameters
    ----------
    learning_rate : float
        eta.
    steps : int, optional
        After which the rate is ``factor`` times what it was.
    factor : float, optional

    References
    ----------
    L. Smith, Cyclical learning rates for training neural networks, 2017, sec. 3.3 (range test).

    Examples
    --------
    >>> import bpnet
    >>> schedule = bpnet.schedules.Exponential(0.8, steps=100, factor=0.25)
    >>> [schedule(step) for step in (0, 50, 100)]
    [0.8, 0.4, 0.2]
    """

    constraints = Constraints(learning_rate=Number(0.0), steps=Integer(1), factor=Number(0.0))

    learning_rate: float
    steps: int = 1
    factor: float = 0.999

    def __call__(self, step: int) -> float:
        return float(self.learning_rate * self.factor ** (step / self.steps))


class InverseTime(Schedule):
    """Falling as a power of time: ``eta / (1 + t / steps)^power``.

    For powers above 1/2 and up to 1 the rates sum to infinity and their squares do not: then
    stochastic approximation converges.

    Parameters
    ----------
    learning_rate : float
        eta.
    steps : int
        After which, with power 1, the rate is half of eta.
    power : float, optional

    References
    ----------
    H. Robbins and S. Monro, A stochastic approximation method, 1951; L. Bottou, Stochastic gradient
    descent tricks, 2012, sec. 5.2.

    Examples
    --------
    >>> import bpnet
    >>> schedule = bpnet.schedules.InverseTime(0.6, steps=100)
    >>> [schedule(step) for step in (0, 100, 300)]
    [0.6, 0.3, 0.15]
    """

    constraints = Constraints(learning_rate=Number(0.0), steps=Integer(1), power=Number(0.0))

    learning_rate: float
    steps: int
    power: float = 1.0

    def __call__(self, step: int) -> float:
        return float(self.learning_rate / (1.0 + step / self.steps) ** self.power)


class Polynomial(Schedule):
    """Falling to a minimum: ``minimum + (eta - minimum) (1 - t / steps)^power``, then ``minimum``.

    With power 1 it is a straight line.

    Parameters
    ----------
    learning_rate : float
        eta.
    steps : int
        Until ``minimum`` is reached.
    power : float, optional
    minimum : float, optional

    References
    ----------
    W. Liu et al., ParseNet, 2015 ("poly").

    Examples
    --------
    >>> import bpnet
    >>> schedule = bpnet.schedules.Polynomial(0.4, steps=100)
    >>> [schedule(step) for step in (0, 50, 100, 1000)]
    [0.4, 0.2, 0.0, 0.0]
    """

    constraints = Constraints(
        learning_rate=Number(0.0),
        steps=Integer(1),
        power=Number(0.0),
        minimum=Number(0.0),
    )

    learning_rate: float
    steps: int
    power: float = 1.0
    minimum: float = 0.0

    def __call__(self, step: int) -> float:
        left = max(0.0, 1.0 - step / self.steps)
        return float(self.minimum + (self.learning_rate - self.minimum) * left**self.power)

    @property
    def used_up_at(self) -> int:
        return self.steps
