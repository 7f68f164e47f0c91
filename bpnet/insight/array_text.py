"""Arrays in a few lines: small ones in full, larger ones as counts and ranges."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["array_lines", "json_values"]

_MOST_COLUMNS, _MOST_ROWS = 10, 6


def array_lines(values: np.ndarray[Any, Any]) -> list[str]:
    """A vector or matrix as text: a line per row; one for all rows if there are many.

    Parameters
    ----------
    values : array, shape (n,) or (m, n)

    Examples
    --------
    >>> array_lines(np.array([[0.5, -0.25], [1e-9, 0.0]]))
    ['0.5  -0.25', '1e-09  0']
    >>> array_lines(np.arange(31.0))
    ['31 values, 0 to 30, mean 15, 1 of them 0']
    >>> array_lines(np.eye(20))
    ['20 x 20 values, 0 to 1, mean 0.05, 380 of them 0']
    """
    rows = values.reshape(1, -1) if values.ndim < 2 else values
    if len(rows) > _MOST_ROWS:
        return [_summary(rows, f"{len(rows):,} x {rows.shape[1]:,}")]
    if rows.shape[1] <= _MOST_COLUMNS:
        return ["  ".join(map(_number, row)) for row in rows]
    return [_summary(row, f"{len(row):,}") for row in rows]


def json_values(values: np.ndarray[Any, Any]) -> Any:
    """The array as nested lists; None stands for what is not finite, which JSON does not know.

    Examples
    --------
    >>> json_values(np.array([[0.5, np.inf]]))
    [[0.5, None]]
    """
    found: Any = values
    if not np.isfinite(values).all():
        found = values.astype(object)
        found[~np.isfinite(values)] = None
    return found.tolist()


def _summary(values: np.ndarray[Any, Any], count: str) -> str:
    finite = values[np.isfinite(values)]
    parts = [f"{count} values"]
    if finite.size:
        parts.append(f"{_number(finite.min())} to {_number(finite.max())}")
        parts.append(f"mean {_number(finite.mean(dtype=np.float64))}")
    for what, number in (
        ("0", int((values == 0.0).sum())),
        ("not finite", values.size - finite.size),
    ):
        if number:
            parts.append(f"{number:,} of them {what}")
    return ", ".join(parts)


def _number(value: float) -> str:
    return f"{float(value) + 0.0:.4g}"
