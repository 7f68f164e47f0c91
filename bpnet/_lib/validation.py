"""Numbers that a user sets, held to their bounds."""

from __future__ import annotations

import math
import operator
from typing import Any

from .frozen import Value

__all__ = ["check_counts", "check_numbers", "count"]


def check_numbers(value: Value, *bounds: tuple[str, float, float]) -> None:
    """Hold each named field, as a Python float, to ``low <= number < high``."""
    for name, low, high in bounds:
        number = float(getattr(value, name))
        if not low <= number < high:
            limit = f"at least {low:g}" + (f" and less than {high:g}" if high < math.inf else "")
            raise ValueError(f"{name} must be {limit} and finite, not {number:g}")
        # A numpy.float64 would turn float32 arrays into float64 ones.
        object.__setattr__(value, name, number)


def check_counts(value: Value, *names: str) -> None:
    """Hold each named field to whole numbers from 1 on."""
    for name in names:
        object.__setattr__(value, name, count(name, getattr(value, name), 1))


def count(name: str, value: Any, least: int) -> int:
    """``value`` as an int, which must be at least ``least``."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {value!r}") from None
    if whole < least:
        raise ValueError(f"{name} must be at least {least}, not {whole}")
    return whole
