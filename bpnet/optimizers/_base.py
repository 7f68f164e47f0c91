"""What an optimizer is."""

from __future__ import annotations

import math
from typing import Any, ClassVar, TypeAlias

from .._lib.frozen import Frozen
from .._lib.validation import check_numbers
from ..backends import Array
from ..backends.interop import device_of
from ..schedules import Rate

__all__ = ["Memory", "Optimizer", "zeros"]

Memory: TypeAlias = tuple[Array, ...]


class Optimizer(Frozen):
    """How a gradient changes the parameters.

    Attributes
    ----------
    learning_rate : float or callable
        A number, or a function of the number of the step (from 0), as those of `bpnet.schedules`.
    uses_layout : bool
        Whether `update` is given one more argument by name, ``layout``: the `Layout` of theta.
    """

    learning_rate: Rate
    uses_layout: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not callable(self.learning_rate):
            check_numbers(self, ("learning_rate", 0.0, math.inf))

    def learning_rate_at(self, t: int, factor: float = 1.0) -> float:
        """The learning rate of step ``t`` (from 0), times ``factor``.

        Raises
        ------
        ValueError
            If it is negative or not finite; the message says at which step.
        """
        rate = self.learning_rate
        if not callable(rate) and factor == 1.0:
            return rate
        try:
            found = float(rate(t)) if callable(rate) else rate
        except OverflowError:
            found = math.inf
        if not 0.0 <= found * factor < math.inf:
            by = "" if factor == 1.0 else f" times a factor of {factor:g}"
            raise ValueError(
                f"learning_rate is {found:g}{by} at step {t}, by {rate!r}; it must be at least 0 "
                "and finite"
            )
        return found * factor

    @property
    def steady(self) -> bool:
        """Whether all steps need the same numbers."""
        kind = type(self)
        own = (kind.rates, kind.learning_rate_at) != (Optimizer.rates, Optimizer.learning_rate_at)
        return not callable(self.learning_rate) and not own

    def rates(self, t: int, factor: float = 1.0) -> tuple[float, ...]:
        """Numbers that step ``t`` (from 0) needs, the learning rate times ``factor`` in them."""
        return (self.learning_rate_at(t, factor),)

    def init(self, theta: Array, xp: Any) -> Memory:
        """Memory before the first step: vectors of theta's shape."""
        return ()

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        """Parameters and memory after a step, all of shape (size,)."""
        raise NotImplementedError


def zeros(theta: Array, xp: Any) -> Array:
    """Zeros like theta, which on NumPy take no memory until they are written to."""
    return xp.zeros(theta.shape, dtype=theta.dtype, device=device_of(theta))
