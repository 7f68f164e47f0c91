"""What a schedule is, and what an optimizer takes as its learning rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from .._lib.constraints import Constraint, Number
from .._lib.validation import Validated

__all__ = ["LearningRate", "Rate", "Schedule", "used_up_at"]

Rate: TypeAlias = float | Callable[[int], float]
"""A learning rate: a number, or any function of the number of the step."""

_NOT_NEGATIVE = Number(0.0)


class LearningRate(Constraint):
    """A number from 0, as a Python float, or a function of the number of the step, as it is."""

    def convert(self, name: str, value: Any) -> Rate:
        if isinstance(value, type):
            raise TypeError(
                f"{name} must be a number or a schedule, not the class {value.__name__}: "
                f"{value.__name__}(...) makes one"
            )
        if callable(value):
            return value  # type: ignore[no-any-return]
        try:
            rate: float = _NOT_NEGATIVE(name, value)
        except TypeError as error:
            what = "must be a number or a function of the step, as those of bpnet.schedules"
            raise TypeError(str(error).replace("must be a number", what)) from None
        return rate


class Schedule(Validated):
    """A learning rate for each step.

    Subclasses are immutable, and equal where their fields are. A field annotated ``float``,
    ``int`` or ``bool`` is checked, and converted from NumPy's types, when the object is made.

    Attributes
    ----------
    used_up_at : int or None
        The first step of its constant tail, such as ``steps`` of `Cosine`; None if the schedule has
        no end. A fit that goes further says so.

    Examples
    --------
    >>> import bpnet
    >>> class Halving(bpnet.schedules.Schedule):
    ...     learning_rate: float = 0.1
    ...     def __call__(self, step):
    ...         return self.learning_rate * 0.5**step
    >>> bpnet.SGD(Halving(0.4)).learning_rate_at(1)
    0.2
    """

    def __call__(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        raise NotImplementedError

    @property
    def used_up_at(self) -> int | None:
        """The first step of the constant tail, or None."""
        return None


def used_up_at(rate: Rate) -> int | None:
    """As the attribute of `Schedule`; None for numbers and functions."""
    return rate.used_up_at if isinstance(rate, Schedule) else None
