"""Settings of callbacks, held to their bounds."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["number"]


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
