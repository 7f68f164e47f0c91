"""Feature columns that give the target away."""

from __future__ import annotations

import math
import shlex
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._lib.wording import listing
from .cell_parsing import is_missing
from .columns.number_spelling import PLAIN, find_spelling
from .table import Table
from .target_encoders import NumberTargets, Target, target_numbers

__all__ = ["tell_copies"]

_LEAST_BITS = 10  # of coincidence, for a single column
_FEWEST_ROWS_PER_VALUE = 3  # where rows occur twice, columns that differ in each row coincide
_FEWEST_NUMBERS = 10
_UNEXPLAINED = 1e-6  # of the variance of a target, by a copy of it in another unit


def tell_copies(
    table: Table,
    features: Collection[str],
    goal: Target,
    rows: NDArray[np.int64],
    told: list[str],
) -> None:
    """Tell which columns determine a target one to one, or are a target in another unit.

    A column of which nearly all values differ determines everything, and is not told: how likely
    it is that a column's values coincide with the target's by chance is counted.

    Parameters
    ----------
    table : Table
    features : collection of str
        The columns that are used.
    goal : Target
    rows : array, shape (m,), int64
        Those with a target.
    told : list of str
        What is found is added to it.
    """
    for target in goal.names:
        copies = []
        values = table[target][rows]
        numbers = None
        if isinstance(goal, NumberTargets):
            spelling = goal.spellings[goal.names.index(target)]
            numbers = values = target_numbers(values, spelling)
        codes = _codes(values)
        for name in features:
            column = table[name][rows]
            present = ~is_missing(column)
            if column.dtype.kind == "M" or 2 * present.sum() < len(rows):
                continue
            least = _LEAST_BITS + math.log2(len(features))
            if _is_renamed(column[present], codes[present], least) or (
                numbers is not None and _is_rescaled(column[present], numbers[present])
            ):
                copies.append(name)
        if copies:
            flags = shlex.join(copies)
            told.append(
                f"{'column' if len(copies) == 1 else 'columns'} {listing(copies)} "
                f"{'says' if len(copies) == 1 else 'say'} the same as target {target!r}; if not "
                f"known before the target is, use drop={copies!r} or --drop {flags}"
            )


def _codes(values: NDArray[Any]) -> NDArray[np.int64]:
    """The index of each value among those that differ."""
    if values.dtype != np.object_:
        return np.unique(values, return_inverse=True)[1].astype(np.int64)
    different: dict[object, int] = {}
    found = [different.setdefault(value, len(different)) for value in values.tolist()]
    return np.array(found, dtype=np.int64)


def _is_renamed(column: NDArray[Any], target: NDArray[np.int64], least: float) -> bool:
    """Whether each value goes with one of the target's, and it is no coincidence."""
    target = _codes(target)
    codes = _codes(column)
    n = int(target.max()) + 1
    if not 2 <= n <= len(target) / _FEWEST_ROWS_PER_VALUE or int(codes.max()) + 1 != n:
        return False
    if len(np.unique(codes * n + target)) != n:
        return False
    sizes = np.bincount(target).tolist()
    ways = math.lgamma(len(target) + 1) - sum(math.lgamma(size + 1) for size in sizes)
    return (ways - math.lgamma(n + 1)) / math.log(2) >= least


def _is_rescaled(column: NDArray[Any], target: NDArray[np.float64]) -> bool:
    """Whether numbers are those of the target in another unit, or their logarithms."""
    spelling = PLAIN
    if column.dtype == np.object_ and any(sign.isdigit() for sign in column[0]):
        spelling, _ = find_spelling(column.tolist())
    numbers = target_numbers(column, spelling)
    if np.isnan(numbers).any() or len(np.unique(numbers)) < _FEWEST_NUMBERS:
        return False
    pairs = [(numbers, target)]
    if numbers.min() > 0:
        pairs.append((np.log(numbers), target))
    if target.min() > 0:
        pairs.append((numbers, np.log(target)))
    return any(_unexplained(x, y) < _UNEXPLAINED for x, y in pairs)


def _unexplained(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The share of the variance of y that no line through x explains."""
    with np.errstate(over="ignore", invalid="ignore"):
        x, y = x - x.mean(), y - y.mean()
        x, y = x / np.abs(x).max(), y / np.abs(y).max()
        residual = y - x * (x @ y / (x @ x))
        share = float(residual @ residual / (y @ y))
    return share if math.isfinite(share) else 1.0
