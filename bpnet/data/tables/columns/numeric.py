"""A column of numbers, or of durations, and how it becomes columns of x."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...._lib.wording import shown
from ..notes import Notes
from ..stored_entries import read_entry
from .cells import find_labels
from .duration_spelling import read_durations
from .number_spelling import PLAIN, NumberSpelling
from .scaling import Scaling
from .stored import read_flag, read_texts

__all__ = ["Number", "Spelling", "read_numbers", "refuse_cell"]

_LONGEST_OPTION = 99  # characters that are shown

Spelling: TypeAlias = NumberSpelling | Literal["duration"]


@dataclass(frozen=True)
class Number:
    """A column of numbers: scaled and smoothly clipped; a missing one is the median.

    Attributes
    ----------
    name : str
    scaling : Scaling
    spelling : NumberSpelling or "duration"
        How they are written where they are text. Durations are in seconds.
    marks : tuple of str
        Texts that count as missing.
    missing : bool
        Whether a second feature is 1 where the value is missing, and 0 elsewhere.
    """

    name: str
    scaling: Scaling
    spelling: Spelling = PLAIN
    marks: tuple[str, ...] = ()
    missing: bool = False

    @property
    def needs_text(self) -> bool:
        """Whether files must be read as text, as 1.234 may be more than a thousand."""
        return isinstance(self.spelling, NumberSpelling) and self.spelling.decimal != "."

    @property
    def features(self) -> tuple[str, ...]:
        """Its name, and one for missing values."""
        return (self.name, f"{self.name}=(missing)") if self.missing else (self.name,)

    def encode(
        self,
        values: ArrayLike,
        out: NDArray[np.float32],
        notes: Notes,
        place: Callable[[int], str],
    ) -> None:
        """Write a column of m values into ``out``, shape (m, number of features)."""
        numbers = read_numbers(self.name, values, self.spelling, self.marks, place)
        missing = np.isnan(numbers)
        out[:, 0] = self.scaling.scaled(numbers)
        if self.missing:
            out[:, 1] = missing
        if missing.any():
            notes.add_number(
                self.name,
                int(missing.sum()),
                "missing value",
                f"filled with the training median {self.scaling.center:.6g}",
                "have missing values, filled with the training medians",
            )

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        stored: dict[str, Any] = {"name": self.name, **self.scaling.to_dict()}
        stored |= {"marks": list(self.marks), "missing": self.missing}
        if isinstance(self.spelling, NumberSpelling):
            stored |= {"kind": "number", "decimal": self.spelling.decimal}
            return stored | {
                "grouping": self.spelling.grouping,
                "signs": list(self.spelling.signs or ()),
            }
        return {"kind": self.spelling, **stored}

    @classmethod
    def from_dict(cls, name: str, data: object, where: str) -> Number:
        """Read what `to_dict` wrote."""
        spelling: Spelling = "duration"
        if read_entry(data, "kind", str, where) == "number":
            decimal = read_entry(data, "decimal", str, where)
            grouping = read_entry(data, "grouping", str, where)
            if decimal not in (".", ",") or grouping not in ("", ",", ".", " ", "'"):
                raise ValueError(
                    f"{where}: no numbers are written with 'decimal' {shown(decimal)} and "
                    f"'grouping' {shown(grouping)}"
                )
            spelling = NumberSpelling(decimal, grouping, read_texts(data, "signs", where))
        return cls(
            name,
            Scaling.from_dict(data, where),
            spelling,
            read_texts(data, "marks", where),
            read_flag(data, "missing", where),
        )


def read_numbers(
    name: str,
    values: ArrayLike,
    spelling: Spelling,
    marks: tuple[str, ...],
    place: Callable[[int], str],
) -> NDArray[np.float64]:
    """A column as finite numbers, NaN where a cell is missing or one of the marks.

    Raises
    ------
    ValueError
        If a cell is something else, or infinite; the message gives column, place and cell.
    """
    array = np.asarray(values)
    what = "number" if isinstance(spelling, NumberSpelling) else "duration"
    if array.dtype.kind in "biuf":
        numbers = array.astype(np.float64)
    elif array.dtype.kind == "m" and what == "duration":
        numbers = array.astype("timedelta64[us]").astype(np.float64) / 1e6
        numbers[np.isnat(array)] = np.nan
    else:
        labels = find_labels(array)
        if isinstance(spelling, NumberSpelling):
            found, wrong = spelling.read(labels.texts)
        else:
            found, wrong = read_durations(labels.texts)
        for code in np.flatnonzero(wrong):
            text = labels.texts[code]
            if text not in marks:
                refuse_cell(name, text, place(int(np.argmax(labels.codes == code))), f"a {what}")
        numbers = found[labels.codes] if len(found) else np.empty(0)
    infinite = np.flatnonzero(np.isinf(numbers))
    if infinite.size:
        row = int(infinite[0])
        raise ValueError(
            f"column {name!r}, {place(row)}: {numbers[row]} is not a finite number"
            f"{_if_missing(str(numbers[row]))}"
        )
    return numbers


def refuse_cell(name: str, text: str | None, place: str, expected: str) -> None:
    """Raise for a cell that cannot be read."""
    raise ValueError(
        f"column {name!r}, {place}: {shown(text)} is not {expected}{_if_missing(text or '')}"
    )


def _if_missing(mark: str) -> str:
    between = "=" if mark.startswith("-") else " "  # or it would look like a flag
    option, argument = f"--missing{between}{shlex.quote(mark)}", f"missing=[{mark!r}]"
    if len(option) > _LONGEST_OPTION:
        option, argument = "--missing", "missing=[...]"
    return (
        f"; if it stands for a missing value, leave the cell empty, or train with {option} "
        f"({argument} in Python)"
    )
