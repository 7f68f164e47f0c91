"""Rows of numbers, which are dictionaries of equal keys, as a column for each key and back."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["rows_of", "table_of"]

Column = np.ndarray[Any, Any]


def table_of(rows: Any) -> dict[str, Column] | None:
    """The columns of rows; None unless every value is a float, or of a whole column an integer."""
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
        return None
    names = tuple(rows[0])
    if not names or not all(isinstance(row, dict) and tuple(row) == names for row in rows):
        return None
    table = {}
    for name in names:
        values = list(map(operator.itemgetter(name), rows))
        kinds = set(map(type, values))
        if not isinstance(name, str) or not (
            kinds == {int} or all(issubclass(kind, float | np.floating) for kind in kinds)
        ):
            return None
        try:
            table[name] = np.array(values, dtype=np.int64 if kinds == {int} else np.float64)
        except OverflowError:  # a larger integer
            return None
    return table


def rows_of(names: Any, prefix: str, arrays: Mapping[str, Column]) -> list[dict[str, Any]]:
    """The rows of a `table_of`, whose columns are among some arrays.

    Parameters
    ----------
    names : list of str
        Of the columns, in order.
    prefix : str
        Before each of them, in the arrays' names.
    arrays : mapping of str to numpy.ndarray

    Raises
    ------
    TypeError, ValueError
        If an array is missing, or is no column as long as the others.
    """
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise TypeError("history.columns must be a list of names")
    columns = []
    for name in names:
        column = arrays.get(prefix + name)
        if column is None:
            raise ValueError(f"the array {prefix}{name} is missing")
        if column.ndim != 1 or column.dtype not in (np.dtype(np.int64), np.dtype(np.float64)):
            raise ValueError(
                f"{prefix}{name} must be a column of int64 or float64, not {column.dtype} of "
                f"shape {column.shape}"
            )
        columns.append(column.tolist())
        if len(columns[-1]) != len(columns[0]):
            raise ValueError(
                f"{prefix}{name} has {len(columns[-1])} rows, {prefix}{names[0]} {len(columns[0])}"
            )
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
