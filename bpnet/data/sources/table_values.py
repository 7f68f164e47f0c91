"""Numbers read from the columns of a table, checked and shaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Source

__all__ = ["check_values", "shape_targets"]


def check_values(
    values: NDArray[Any], names: Sequence[str], start: int, source: Source
) -> NDArray[Any]:
    """Values, one column a name, that are finite; raises naming the first that is not."""
    finite = np.isfinite(values)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise ValueError(
            f"{source.place(start + int(row))}, column {names[column]!r}: {values[row, column]} "
            "is missing or not finite; networks take finite numbers only"
        )
    return values


def shape_targets(values: NDArray[np.float64], *, single: bool) -> NDArray[Any]:
    """Targets as rows, or of a single column as a vector, of int64 where all are whole."""
    if not single:
        return values
    vector = values[:, 0]
    whole = vector.astype(np.int64) if (np.abs(vector) < 2**53).all() else None
    return whole if whole is not None and (whole == vector).all() else vector
