"""Numbers that lie so far from all others of a column that they are probably mistakes."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from .scaling import Scaling

__all__ = ["find_code", "find_outlier"]

_MOST = 0.05  # share of the rows that may be outliers
_FAR = 10.0  # interquartile ranges
_GAP, _GAP_OF_CODES = 20.0, 5.0  # times as far as the next
_CODE_TIMES = 3.0  # as large as all others
_CODE = re.compile(r"-?(9+|8+)(\.0+)?")  # 999, as files write missing values
_LONG_CODE = re.compile(r"-?(99+|88+)")


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


def find_code(numbers: NDArray[np.float64]) -> tuple[int, tuple[float, float]] | None:
    """The same for -999 or the like, however often it occurs, where no other value is near."""
    present = numbers[~np.isnan(numbers)]
    for code in (present.min(), present.max()):
        others = present[present != code]
        if not others.size or not _LONG_CODE.fullmatch(f"{code:.12g}"):
            continue
        low, high = float(others.min()), float(others.max())
        alone = code < 0 <= low or code > max(_CODE_TIMES * high, 0)
        if alone and len(present) - len(others) > 1:
            return int(np.flatnonzero(numbers == code)[0]), (low, high)
    return None
