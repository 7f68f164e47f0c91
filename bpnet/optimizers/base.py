"""What an optimizer is."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from types import CodeType
from typing import Any, ClassVar, Protocol, Self, TypeAlias

from .._lib.constraints import Constraints
from .._lib.frozen import Frozen
from .._lib.registry import check_name
from .._lib.validation import Validated
from ..backends import Array
from ..backends.interop import device_of
from ..schedules.base import LearningRate, Rate

__all__ = ["FromRates", "Memory", "Optimizer", "WeightLayout", "decayed", "zeros"]

Memory: TypeAlias = tuple[Array, ...]


class WeightLayout(Protocol):
    """Where the weights lie in theta, for optimizers that tell them from the rest."""

    n_weights: int
    """How many of the first entries of theta are weights."""

    def split(self, theta: Array, xp: Any) -> tuple[list[Array], list[Array]]:
        """Weights, (n_l, n_{l-1}) each, and biases, (n_l,) each."""
        ...


class FromRates(Frozen):
    """Takes the place of a setting in `Optimizer.update_rule`; it is not a number."""


class Optimizer(Validated):
    """How a gradient changes the parameters.

    Subclasses are immutable, and equal where their fields are. A field annotated ``float``,
    ``int`` or ``bool`` is checked, and converted from NumPy's types, when the object is made.

    Attributes
    ----------
    learning_rate : float or callable
        A number, or a function of the number of the step (from 0), as those of `bpnet.schedules`.
    uses_layout : bool
        Whether `update` is given one more argument by name, ``layout``: the `Layout` of theta.
    per_step : tuple of str
        Fields that `update` does not read, because ``rates`` holds what it needs of them. Changing
        them compiles nothing anew. A field that the subclass's own `update` reads is left out.
    """

    constraints = Constraints(learning_rate=LearningRate())

    learning_rate: Rate
    uses_layout: ClassVar[bool] = False
    per_step: ClassVar[tuple[str, ...]] = ("learning_rate",)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        named = set(_names(getattr(cls.update, "__code__", None)))
        cls.per_step = tuple(
            name for name in cls.per_step if check_name(name, cls.fields, "field") not in named
        )

    @functools.cached_property
    def update_rule(self) -> Self:
        """This optimizer without the settings that `update` is given in ``rates``.

        What a compiled step depends on: it is equal for two optimizers that differ in ``per_step``
        fields only, such as the learning rate. `update` and `init` work as before; reading a
        ``per_step`` field gives a `FromRates`, with which arithmetic raises TypeError.

        Examples
        --------
        >>> import bpnet
        >>> bpnet.Momentum(0.1).update_rule == bpnet.Momentum(0.2).update_rule
        True
        >>> bpnet.Momentum(0.1).update_rule == bpnet.Momentum(0.1, momentum=0.5).update_rule
        False
        """
        rule = object.__new__(type(self))
        vars(rule).update(vars(self), **dict.fromkeys(self.per_step, _FROM_RATES))
        return rule

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
        """Numbers that step ``t`` (from 0) needs; the learning rate counts ``factor`` times."""
        return (self.learning_rate_at(t, factor),)

    def init(self, theta: Array, xp: Any) -> Memory:
        """Memory before the first step: vectors of theta's shape."""
        return ()

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        """Parameters and memory after a step, all of shape (size,)."""
        raise NotImplementedError


_FROM_RATES = FromRates()


def _names(code: CodeType | None) -> Iterator[str]:
    """Names that a function uses, those in functions within it too."""
    if code is not None:
        yield from code.co_names
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from _names(constant)


def zeros(theta: Array, xp: Any) -> Array:
    """Zeros like theta; on NumPy they take no memory until they are written to."""
    return xp.zeros(theta.shape, dtype=theta.dtype, device=device_of(theta))


def decayed(theta: Array, kept: Any, layout: WeightLayout, xp: Any) -> Array:
    """theta with the weights, and nothing else, multiplied by ``kept``."""
    n = layout.n_weights
    return xp.concat([kept * theta[:n], theta[n:]])
