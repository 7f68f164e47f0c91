"""Numbers that a user sets, held to their bounds."""

from __future__ import annotations

import math
import operator
from typing import Any

from .frozen import Frozen

__all__ = ["check_count", "check_counts", "check_number", "check_numbers"]


def check_numbers(value: Frozen, *bounds: tuple[str, float, float]) -> None:
    """Hold each named field, as a Python float, to ``low <= number < high``."""
    for name, low, high in bounds:
        number = float(getattr(value, name))
        if not low <= number < high:
            limit = f"at least {low:g}" + (f" and less than {high:g}" if high < math.inf else "")
            raise ValueError(f"{name} must be {limit} and finite, not {number:g}")
        # A numpy.float64 would turn float32 arrays into float64 ones.
        object.__setattr__(value, name, number)


def check_counts(value: Frozen, *names: str) -> None:
    """Hold each named field to whole numbers from 1 on."""
    for name in names:
        object.__setattr__(value, name, check_count(name, getattr(value, name), 1))


def check_count(name: str, value: Any, least: int) -> int:
    """``value`` as an int, which must be at least ``least``."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {value!r}") from None
    if whole < least:
        raise ValueError(f"{name} must be at least {least}, not {whole}")
    return whole


def check_number(name: str, value: Any, high: float = math.inf, *, positive: bool = False) -> float:
    """A number from 0 (or above it, where it is to be ``positive``) to below ``high``."""
    try:
        real = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, not {value!r}") from None
    if not math.isfinite(real):
        raise ValueError(f"{name} must be finite, not {value}")
    if not 0.0 <= real < high or (positive and real == 0.0):
        low = "greater than 0" if positive else "at least 0"
        most = f" and less than {high:g}" if high < math.inf else ""
        raise ValueError(f"{name} must be {low}{most}, not {value}")
    return real
