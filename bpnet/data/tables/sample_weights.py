"""How much each row of a table counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .cell_parsing import as_numbers
from .table import Table

__all__ = ["read_weights"]


def read_weights(table: Table, name: str, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """The weights of these rows.

    Raises
    ------
    ValueError
        If one is missing, no number, negative or not finite, or all are zero; the message gives the
        column, the place and the value.
    """
    weights = as_numbers(name, table[name])[rows]
    with np.errstate(over="ignore"):
        found = weights.astype(np.float32)
    wrong = np.flatnonzero(~np.isfinite(found) | (weights < 0))
    if wrong.size:
        value = weights[wrong[0]]
        told = "no weight" if np.isnan(value) else f"{value:g}"
        raise ValueError(
            f"column {name!r}, {table.place(int(rows[wrong[0]]))}: {told}, expected a weight that "
            "is 0 or more and fits in float32"
        )
    if not found.any():
        raise ValueError(f"column {name!r}: every weight is 0, so that no row would count")
    return found
