"""Settings of callbacks, held to their bounds."""

from __future__ import annotations

import math
import operator
from typing import Any

__all__ = ["count", "number"]


def count(name: str, value: Any, least: int) -> int:
    """A whole number of at least ``least``."""
    try:
        whole = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {value!r}") from None
    if whole < least:
        raise ValueError(f"{name} must be at least {least}, not {whole}")
    return whole


def number(name: str, value: Any, high: float = math.inf, *, positive: bool = False) -> float:
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
