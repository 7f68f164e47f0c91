"""Numbers centred by the median, scaled by the interquartile range, smoothly clipped."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..stored_entries import read_standard

__all__ = ["Scaling"]

_LIMIT = 3.0  # that outliers approach
_FAR = 1e6  # whose square is still exact; all beyond it is at the limit in float32


@dataclass(frozen=True)
class Scaling:
    """z = (number - center) / width, and then z / sqrt(1 + (z / 3)^2), so that none is beyond 3.

    Attributes
    ----------
    center, width : float

    References
    ----------
    Holzmueller, Grinsztajn and Steinwart, Better by default: strong pre-tuned MLPs and boosted
    trees on tabular data (arXiv 2407.04491), whose RealMLP does the same.
    """

    center: float
    width: float

    @classmethod
    def fit(cls, numbers: NDArray[np.float64]) -> Scaling:
        """Learn the median and the interquartile range of numbers that are not all equal.

        Where half of them or more are equal, so that the range is zero, the width is the median
        distance of the others.
        """
        quarters = numbers / 4.0  # whose differences are finite
        low, center, high = np.quantile(quarters, [0.25, 0.5, 0.75])
        width = high - low
        if not width > 0:
            distances = np.abs(quarters - center)
            width = np.median(distances[distances > 0])
        return cls(4.0 * float(center), min(4.0 * float(width), sys.float_info.max))

    def scaled(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """The numbers, scaled and clipped; a missing one, NaN, becomes 0."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            z = np.clip((numbers / 2 - self.center / 2) / (self.width / 2), -_FAR, _FAR)
            z /= np.sqrt(1.0 + np.square(z / _LIMIT))
        return np.nan_to_num(z, copy=False, nan=0.0)

    def to_dict(self) -> dict[str, float]:
        """As JSON values."""
        return {"center": self.center, "width": self.width}

    @classmethod
    def from_dict(cls, data: object, where: str) -> Scaling:
        """Read what `to_dict` wrote."""
        return cls(*read_standard(data, "center", "width", where))
