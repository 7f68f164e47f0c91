"""The same learning rate at every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._lib.constraints import Constraints, Number
from .base import LearningRate, Rate, Schedule

__all__ = ["AnySchedule", "Constant", "rate_at"]


class Constant(Schedule):
    """The same at every step: ``eta``.

    Parameters
    ----------
    learning_rate : float
        eta.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.schedules.Constant(0.1)(1000)
    0.1
    """

    constraints = Constraints(learning_rate=Number(0.0))

    learning_rate: float

    def __call__(self, step: int) -> float:
        return self.learning_rate


class AnySchedule(LearningRate):
    """A function of the number of the step, as it is, or a number, for which `Constant` stands."""

    def convert(self, name: str, value: Any) -> Callable[[int], float]:
        rate = super().convert(name, value)
        return rate if callable(rate) else Constant(rate)


def rate_at(schedule: Rate, step: int) -> float:
    """The learning rate of a step, as a Python float."""
    return float(schedule(step)) if callable(schedule) else schedule
