"""The cells of a column as numbers or as text, and what counts as missing."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..._lib.wording import shown

__all__ = ["as_numbers", "as_text", "is_missing", "parse_cells", "parse_number", "text_cells"]

# Spelled exactly: "Na" may be sodium, and "None" or "none" is a label in many a questionnaire.
_MISSING = frozenset(
    ["", "?", "NA", "na", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NaT", "NULL", "null"]
)
_INTEGERS = re.compile(r"[\d\s+-]*", re.ASCII)  # nothing but these, together
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)


def parse_number(cell: str) -> float | None:
    """The number that a cell holds, or None; 1_000 is a name to people, if not to Python."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def parse_cells(cells: Sequence[str]) -> NDArray[Any]:
    """Cells of a text file as int64, else as float64 with NaN, else as text with None."""
    together = "".join(cells)
    if "_" not in together:  # all at once where each is a number
        with contextlib.suppress(ValueError, OverflowError):
            kind = np.int64 if _INTEGERS.fullmatch(together) else np.float64
            return np.array(list(map(int if kind is np.int64 else float, cells)), dtype=kind)
    texts = [_spelled(cell) for cell in cells]
    numbers = [math.nan if text is None else parse_number(text) for text in texts]
    if None in numbers:
        return np.array(texts, dtype=np.object_)
    if all(text is not None and _INTEGER.fullmatch(text) for text in texts):
        try:
            return np.array([int(text) for text in texts if text], dtype=np.int64)
        except (OverflowError, ValueError):  # more than 64 bits, or than 4,300 digits
            pass
    return np.array(numbers, dtype=np.float64)


def as_text(values: ArrayLike) -> NDArray[np.object_]:
    """Any column as text, None where a cell is missing; 2 and 2.0 are both "2"."""
    array = np.asarray(values)
    if array.dtype == np.bool_:  # two strings for all cells
        return np.where(array, np.array("True", np.object_), np.array("False", np.object_))
    return text_cells(array.tolist())


def text_cells(cells: Sequence[object]) -> NDArray[np.object_]:
    """Cells as text, None where one is missing; an array of their longest is never made."""
    texts = np.empty(len(cells), dtype=np.object_)
    texts[:] = [_spelled(cell) for cell in cells]
    return texts


def as_numbers(name: str, values: ArrayLike, first_row: int = 1) -> NDArray[np.float64]:
    """Any column as finite float64, NaN where a cell is missing.

    Messages count rows from ``first_row`` on.

    Raises
    ------
    ValueError
        If a cell is text or infinite; the message gives the column, the row and the cell.
    """
    array = np.asarray(values)
    if array.dtype.kind in "biuf":
        numbers = array.astype(np.float64)
    else:
        texts = as_text(array)
        found = [math.nan if text is None else parse_number(text) for text in texts]
        if None in found:
            row = found.index(None)
            raise ValueError(
                f"column {name!r}, row {first_row + row}: {shown(texts[row])} is not a number"
            )
        numbers = np.array(found, dtype=np.float64)
    infinite = np.flatnonzero(np.isinf(numbers))
    if infinite.size:
        row = infinite[0]
        raise ValueError(
            f"column {name!r}, row {first_row + row}: {numbers[row]} is not a finite number"
        )
    return numbers


def is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a column of a table has no value."""
    if values.dtype.kind == "O":
        return np.array([value is None for value in values], dtype=np.bool_)
    missing: NDArray[np.bool_] = np.isnan(values)
    return missing


def _spelled(value: object) -> str | None:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = "" if value is None else str(value).strip()
    return None if text in _MISSING else text
