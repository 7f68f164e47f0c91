"""The cells of a column, whatever type they come in, as their different labels and codes."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cell_parsing import as_text

__all__ = ["Labels", "find_labels"]


class Labels:
    """A column as its different texts, None where a cell is missing, and one code for each row.

    Attributes
    ----------
    texts : list of str or None
        Usually, but not necessarily, different.
    codes : array of int, shape (m,)
        The text of each row.
    """

    def __init__(self, texts: list[str | None], codes: NDArray[np.intp]) -> None:
        self.texts, self.codes = texts, codes

    def counts(self, rows: NDArray[np.int64] | None = None) -> dict[str | None, int]:
        """How many of these rows, by default of all, have each text; none is left out with 0."""
        codes = self.codes if rows is None else self.codes[rows]
        numbers = np.bincount(codes, minlength=len(self.texts)).tolist()
        found: dict[str | None, int] = {}
        for text, number in zip(self.texts, numbers, strict=True):
            if number:
                found[text] = found.get(text, 0) + number
        return found

    def first_row(self, text: str) -> int:
        """The first row that has this text."""
        return int(np.flatnonzero(self.codes == self.texts.index(text))[0])


def find_labels(values: ArrayLike) -> Labels:
    """The different texts of a column; 2 and 2.0 are both "2", midnight is a date alone."""
    array = np.asarray(values)
    if array.dtype.kind in "biufMm":
        different, codes = np.unique(array, return_inverse=True)
        return Labels(_spelled(different), codes.reshape(-1))
    cells = array.tolist()
    try:
        positions = _positions(cells)
    except TypeError:  # cells that cannot be hashed, such as lists
        positions = {}
    if not positions or not all(cell is None or type(cell) is str for cell in positions):
        cells = _spelled(array)  # True and 1 and 1.0 are one key
        positions = _positions(cells)
    codes = np.fromiter((positions[cell] for cell in cells), np.intp, len(cells))
    return Labels(as_text(list(positions)).tolist() if positions else [], codes)


def _positions(cells: list[Any]) -> dict[Any, int]:
    return {cell: position for position, cell in enumerate(dict.fromkeys(cells))}


def _spelled(array: NDArray[Any]) -> list[str | None]:
    """Each cell as text, None where it is missing."""
    if array.dtype.kind not in "Mm":
        texts: list[str | None] = as_text(array).tolist()
        return texts
    return [_spelled_time(cell) for cell in array.astype(f"{array.dtype.kind}8[us]").tolist()]


def _spelled_time(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    return str(value)
