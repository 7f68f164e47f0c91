"""What a value must be: a number within bounds, an integer, one of some names.

A constraint is called with the name of a value and the value. It returns the value as a plain
Python object, or raises: TypeError where the type is wrong, ValueError where a bound is missed.

>>> Number(0.0, 1.0)("momentum", 0)
0.0
>>> Number(0.0, 1.0)("momentum", 1)
Traceback (most recent call last):
ValueError: momentum must be at least 0 and less than 1, not 1.0
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any

from .registry import check_name
from .wording import described, shown

__all__ = [
    "Boolean",
    "Choice",
    "Constraint",
    "Constraints",
    "Each",
    "Function",
    "Integer",
    "Number",
    "Text",
]


class Constraint:
    """What a value must be.

    Parameters
    ----------
    optional : bool, optional
        Whether None is allowed too.
    """

    def __init__(self, *, optional: bool = False) -> None:
        self.optional = optional

    def __call__(self, name: str, value: Any) -> Any:
        """The value, converted; ``name`` is what messages call it."""
        return None if value is None and self.optional else self.convert(name, value)

    def convert(self, name: str, value: Any) -> Any:
        """The value, converted, where None is not allowed or was not given."""
        raise NotImplementedError


class Constraints(dict[str, Constraint]):
    """Constraints by the name of what they hold: ``Constraints(steps=Integer(1))``."""


class Number(Constraint):
    """A number, as a Python float.

    Numbers of NumPy, and arrays without dimensions of any library, are converted: a
    ``numpy.float64`` would turn float32 arrays into float64 ones. Booleans, strings, complex
    numbers, other arrays and NaN are refused.

    Parameters
    ----------
    low, high : float, optional
        Bounds.
    closed : {"left", "right", "both", "neither"}, optional
        Which of the bounds are themselves allowed.
    finite : bool, optional
        Whether infinity is refused.
    optional : bool, optional
    """

    def __init__(
        self,
        low: float = -math.inf,
        high: float = math.inf,
        *,
        closed: str = "left",
        finite: bool = True,
        optional: bool = False,
    ) -> None:
        super().__init__(optional=optional)
        self.low, self.high, self.finite = low, high, finite
        self.with_low, self.with_high = closed in ("left", "both"), closed in ("right", "both")

    def convert(self, name: str, value: Any) -> float:
        if type(value) is float and self._allows(value):  # by far the most frequent
            return value
        given = _unwrapped(value)
        try:
            if isinstance(given, str) or not _counts(given):
                raise TypeError
            number = float(given)
        except OverflowError:  # an integer beyond the largest float
            number = math.inf if given > 0 else -math.inf
        except (TypeError, ValueError):
            raise TypeError(f"{name} must be a number, not {described(value)}") from None
        if not self._allows(number):
            raise ValueError(f"{name} must be {self._limits()}, not {number}")
        return number

    def _allows(self, number: float) -> bool:
        if math.isinf(number):
            return not self.finite and self.low <= number <= self.high
        above = self.low <= number if self.with_low else self.low < number
        return above and (number <= self.high if self.with_high else number < self.high)

    def _limits(self) -> str:
        limits = []
        if self.low > -math.inf:
            limits.append(f"{'at least' if self.with_low else 'greater than'} {self.low:g}")
        if self.high < math.inf:
            limits.append(f"{'at most' if self.with_high else 'less than'} {self.high:g}")
        if self.finite and len(limits) < 2:
            limits.append("finite")
        return " and ".join(limits) or "a number"


class Integer(Constraint):
    """An integer, as a Python int; booleans, floats and arrays with dimensions are refused.

    Parameters
    ----------
    low, high : int, optional
        The least and the largest that is allowed.
    optional : bool, optional
    """

    def __init__(
        self, low: int | None = None, high: int | None = None, *, optional: bool = False
    ) -> None:
        super().__init__(optional=optional)
        self.low, self.high = low, high

    def convert(self, name: str, value: Any) -> int:
        given = _unwrapped(value)
        try:
            if not _counts(given):
                raise TypeError
            number = operator.index(given)
        except TypeError:
            raise TypeError(f"{name} must be an integer, not {described(value)}") from None
        if (self.low is not None and number < self.low) or (
            self.high is not None and number > self.high
        ):
            limits = [] if self.low is None else [f"at least {self.low}"]
            limits += [] if self.high is None else [f"at most {self.high}"]
            raise ValueError(f"{name} must be {' and '.join(limits)}, not {shown(number)}")
        return number


class Boolean(Constraint):
    """True or False, as a Python bool."""

    def convert(self, name: str, value: Any) -> bool:
        given = _unwrapped(value)
        if not isinstance(given, bool):
            raise TypeError(f"{name} must be True or False, not {described(value)}")
        return given


class Text(Constraint):
    """A string."""

    def convert(self, name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a string, not {described(value)}")
        return value


class Choice(Constraint):
    """One of some names.

    Parameters
    ----------
    *names : str
    optional : bool, optional
    """

    def __init__(self, *names: str, optional: bool = False) -> None:
        super().__init__(optional=optional)
        self.names = names

    def convert(self, name: str, value: Any) -> str:
        return check_name(value, self.names, name)


class Function(Constraint):
    """Something that can be called.

    Parameters
    ----------
    arguments : str
        With what, for the message: ``"(z, xp)"``.
    """

    def __init__(self, arguments: str) -> None:
        super().__init__()
        self.arguments = arguments

    def convert(self, name: str, value: Any) -> Any:
        if not callable(value):
            raise TypeError(f"{name} must be a function of {self.arguments}, not {shown(value)}")
        return value


class Each(Constraint):
    """A sequence, as a tuple, each item of which meets a constraint.

    Parameters
    ----------
    item : Constraint
    length : int, optional
        How many items there must be.
    """

    def __init__(self, item: Constraint, length: int | None = None) -> None:
        super().__init__()
        self.item, self.length = item, length

    def convert(self, name: str, value: Any) -> tuple[Any, ...]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise TypeError(f"{name} must be a sequence, not {shown(value)}")
        items = tuple(value)
        if self.length is not None and len(items) != self.length:
            raise ValueError(f"{name} must have {self.length} items, not {len(items)}")
        return tuple(self.item(f"{name}[{k}]", one) for k, one in enumerate(items))


def _unwrapped(value: Any) -> Any:
    """What a scalar of an array library, or an array without dimensions, holds."""
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value


def _counts(value: Any) -> bool:
    """Whether it is no array with dimensions and no boolean, which Python would take for one."""
    dtype = str(getattr(value, "dtype", ""))  # for arrays without `item`
    return not (isinstance(value, bool | bytes) or getattr(value, "shape", None) or "bool" in dtype)
