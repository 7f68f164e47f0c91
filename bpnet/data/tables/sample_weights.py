"""How much each row of a table counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .columns.number_spelling import PLAIN, find_spelling
from .table import Table
from .target_encoders import shown_cell, target_numbers

__all__ = ["read_weights"]


def read_weights(table: Table, name: str, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """The weights of all rows, of which these must have one; 0 for the others.

    Raises
    ------
    ValueError
        If one is missing, no number, negative or not finite, or all are zero; the message gives the
        column, the place and the value.
    """
    values = table[name][rows]
    spelling = PLAIN
    if values.dtype == np.object_:
        spelling, _ = find_spelling({text for text in values.tolist() if text is not None})
    weights = target_numbers(values, spelling)
    with np.errstate(over="ignore"):
        found = weights.astype(np.float32)
    wrong = np.flatnonzero(~np.isfinite(found) | (weights < 0))
    if wrong.size:
        cell = shown_cell(values[wrong[0]])
        raise ValueError(
            f"column {name!r}, {table.place(int(rows[wrong[0]]))}: {cell}, expected a weight that "
            "is 0 or more and fits in float32"
        )
    if not found.any():
        raise ValueError(f"column {name!r}: every weight is 0, so that no row would count")
    weights_of_all = np.zeros(table.n_rows, dtype=np.float32)
    weights_of_all[rows] = found
    return weights_of_all
