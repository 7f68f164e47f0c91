"""Numbers that lie so far from all others of a column that they are probably mistakes."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from .scaling import Scaling

__all__ = ["find_outlier"]

_MOST = 0.05  # share of the rows that may be outliers
_FAR = 10.0  # interquartile ranges
_GAP, _GAP_OF_CODES = 20.0, 5.0  # times as far as the next
_CODE = re.compile(r"-?(9+|8+)(\.0+)?")  # 999, as files write missing values


def find_outlier(
    numbers: NDArray[np.float64], scaling: Scaling
) -> tuple[int, tuple[float, float]] | None:
    """The first row of the farthest number, and the limits of the others.

    Heavy tails have far values too, but one beyond the other; a mistake has a gap before it. A gap
    of twenty times the distance is what a thousand numbers of a lognormal distribution with
    sigma 2 have once in some hundred times.

    Parameters
    ----------
    numbers : array, shape (m,)
        NaN where one is missing.
    scaling : Scaling
        Of these numbers.

    Returns
    -------
    int and tuple of two floats, or None
    """
    with np.errstate(over="ignore", invalid="ignore"):
        distances = np.abs(numbers - scaling.center) / scaling.width
    rows = np.argsort(distances)[: np.count_nonzero(~np.isnan(numbers))]
    first = max(len(rows) - 1 - int(_MOST * len(rows)), len(rows) // 2)
    ordered = np.maximum(distances[rows[first:]], 1.0)
    if len(ordered) < 2:
        return None
    with np.errstate(invalid="ignore"):
        gaps = ordered[1:] / ordered[:-1]
    widest = int(np.nanargmax(gaps))
    farthest = numbers[rows[-1]]
    needed = _GAP_OF_CODES if _CODE.fullmatch(f"{farthest:.12g}") else _GAP
    if gaps[widest] < needed or ordered[widest + 1] < _FAR:
        return None
    others = numbers[rows[: first + widest + 1]]
    row = int(np.flatnonzero(numbers == farthest)[0])
    return row, (float(others.min()), float(others.max()))
