"""The cells of a column as numbers or as text, and what counts as missing."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..._lib.wording import shown

__all__ = [
    "as_numbers",
    "as_text",
    "is_missing",
    "is_missing_mark",
    "parse_cells",
    "parse_number",
    "text_cells",
    "with_marks_missing",
]

# Spelled exactly: "Na" may be sodium, and "None" or "none" is a label in many a questionnaire.
_MISSING = frozenset(
    ["", "?", "NA", "na", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NaT", "NULL", "null"]
)
_INTEGERS = re.compile(r"[\d\s+-]*", re.ASCII)  # nothing but these, together
_LEADING_ZERO = re.compile(r"^[^\S\n]*0\d", re.ASCII | re.MULTILINE)  # of a cell a line
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)


def parse_number(cell: str) -> float | None:
    """The number that a cell holds, or None; 1_000 is a name to people, if not to Python."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def parse_cells(cells: Sequence[str], missing: Collection[str] = ()) -> NDArray[Any]:
    """Cells of a text file as int64, else as float64 with NaN, else as text with None.

    Whole numbers of which some begin with zeros, as postal codes do, stay text.

    What is ``missing`` is so beside the usual marks; of numbers see `with_marks_missing`.
    """
    together = "".join(cells)
    if "_" not in together:  # all at once where each is a number
        with contextlib.suppress(ValueError, OverflowError):
            kind = np.int64 if _INTEGERS.fullmatch(together) else np.float64
            if kind is np.int64 and _LEADING_ZERO.search("\n".join(cells)):
                return text_cells(cells, missing)
            return np.array(list(map(int if kind is np.int64 else float, cells)), dtype=kind)
    texts = [_spelled(cell, missing) for cell in cells]
    numbers = [math.nan if text is None else parse_number(text) for text in texts]
    if None in numbers:
        return np.array(texts, dtype=np.object_)
    present = [text for text in texts if text is not None]
    if all(map(_INTEGER.fullmatch, present)) and _LEADING_ZERO.search("\n".join(present)):
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
    if array.dtype.kind in "mM":
        return text_cells(array.astype(np.str_).tolist())
    return text_cells(array.tolist())


def text_cells(cells: Sequence[object], missing: Collection[str] = ()) -> NDArray[np.object_]:
    """Cells as text, None where one is missing; an array of their longest is never made."""
    texts = np.empty(len(cells), dtype=np.object_)
    texts[:] = [_spelled(cell, missing) for cell in cells]
    return texts


def with_marks_missing(values: NDArray[Any], marks: Collection[str]) -> NDArray[Any]:
    """The same column, with missing values where it equals one of these marks.

    Integers become floats where one is missing.
    """
    if not marks or not len(values):
        return values
    if values.dtype.kind == "O":
        marked = np.array([value in marks for value in values], dtype=np.bool_)
        return np.where(marked, np.array(None), values) if marked.any() else values
    if values.dtype.kind in "mM":
        texts = np.array(list(marks))
        marked = np.isin(values.astype(np.str_), texts)
        if values.dtype.kind == "M":  # a date stands for its midnight
            marked |= (values == values.astype("M8[D]")) & np.isin(
                values.astype("M8[D]").astype(np.str_), texts
            )
        return np.where(marked, np.array("NaT", values.dtype), values) if marked.any() else values
    numbers = [number for number in map(parse_number, marks) if number is not None]
    marked = np.isin(values, numbers)
    if not marked.any():
        return values
    kept = values.astype(np.float64) if values.dtype.kind in "iu" else values.copy()
    kept[marked] = np.nan
    return kept


def as_numbers(
    name: str,
    values: ArrayLike,
    first_row: int = 1,
    *,
    place: Callable[[int], str] | None = None,
) -> NDArray[np.float64]:
    """Any column as finite float64, NaN where a cell is missing.

    Messages name rows as `Table.place` does, if that is given, or count them from ``first_row`` on.

    Raises
    ------
    ValueError
        If a cell is text or infinite; the message gives the column, the row and the cell.
    """

    def called(row: int) -> str:
        return f"row {first_row + row}" if place is None else place(row)

    array = np.asarray(values)
    if array.dtype.kind in "biuf":
        numbers = array.astype(np.float64)
    else:
        texts = as_text(array)
        found = [math.nan if text is None else parse_number(text) for text in texts]
        if None in found:
            row = found.index(None)
            raise ValueError(f"column {name!r}, {called(row)}: {shown(texts[row])} is not a number")
        numbers = np.array(found, dtype=np.float64)
    infinite = np.flatnonzero(np.isinf(numbers))
    if infinite.size:
        row = int(infinite[0])
        raise ValueError(f"column {name!r}, {called(row)}: {numbers[row]} is not a finite number")
    return numbers


def is_missing_mark(cell: str, missing: Collection[str] = ()) -> bool:
    """Whether a cell of text, without blanks around it, says that its value is missing."""
    return cell in _MISSING or cell in missing


def is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a column of a table has no value."""
    if values.dtype.kind == "O":
        return np.array([value is None for value in values], dtype=np.bool_)
    missing: NDArray[np.bool_] = np.isnat(values) if values.dtype.kind in "mM" else np.isnan(values)
    return missing


def _spelled(value: object, missing: Collection[str] = ()) -> str | None:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = "" if value is None else str(value).strip()
    return None if text in _MISSING or text in missing else text
