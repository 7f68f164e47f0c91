"""Mean and standard deviation of a column, which standardize it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["moments"]


def moments(name: str, numbers: NDArray[Any]) -> tuple[float, float]:
    """Mean and standard deviation, the latter 0 exactly where all numbers are equal."""
    lowest, highest = float(numbers.min()), float(numbers.max())
    if lowest == highest:
        return lowest, 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        mean, scale = numbers.mean(dtype=np.float64), numbers.std(dtype=np.float64)
        if not scale:  # squares that are too small for a float
            width = highest - lowest
            scale = width * ((numbers - lowest) / width).std(dtype=np.float64)
    if not np.isfinite(scale):
        raise ValueError(
            f"column {name!r}: numbers from {lowest:g} to {highest:g} are too large to standardize"
        )
    return float(mean), float(scale)
