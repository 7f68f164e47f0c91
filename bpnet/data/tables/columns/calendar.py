"""A column of dates or times, and how it becomes columns of x."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...._lib.registry import check_name
from ..notes import Notes
from ..stored_entries import read_entry
from .cells import find_labels
from .date_spelling import DateOrder, DateSpelling
from .numeric import refuse_cell
from .scaling import Scaling
from .stored import read_flag, read_texts

__all__ = ["Calendar", "elapsed_days", "read_dates", "varying_cycles"]

_DAY = 86_400e6  # microseconds


@dataclass(frozen=True)
class Calendar:
    """A column of dates: elapsed time as a number, and where it is in its cycles.

    Each cycle is a sine and a cosine, so that December is beside January. All are 0 where the date
    is missing.

    Attributes
    ----------
    name : str
    scaling : Scaling
        Of the days since 1970.
    cycles : tuple of {"year", "month", "week", "day"}
        Time of the year, day of the month, day of the week, time of the day: those that vary.
    spelling : DateSpelling
        How they are written where they are text.
    marks : tuple of str
        Texts that count as missing.
    missing : bool
        Whether a last feature is 1 where the date is missing, and 0 elsewhere.
    """

    name: str
    scaling: Scaling
    cycles: tuple[str, ...]
    spelling: DateSpelling = field(default_factory=DateSpelling)
    marks: tuple[str, ...] = ()
    missing: bool = False

    needs_text = False  # no date that is written like a number depends on how it is read

    @property
    def features(self) -> tuple[str, ...]:
        """Elapsed time, the cycles, and one for missing values."""
        cyclic = [
            f"{self.name} in the {cycle} ({f})" for cycle in self.cycles for f in ("sin", "cos")
        ]
        return (self.name, *cyclic, *[f"{self.name}=(missing)"] * self.missing)

    def encode(
        self,
        values: ArrayLike,
        out: NDArray[np.float32],
        notes: Notes,
        place: Callable[[int], str],
    ) -> None:
        """Write a column of m values into ``out``, shape (m, number of features)."""
        dates = read_dates(self.name, values, self.spelling, self.marks, place)
        missing = np.isnat(dates)
        out[:, 0] = self.scaling.scaled(elapsed_days(dates))
        for k, cycle in enumerate(self.cycles):
            angle = 2.0 * np.pi * _CYCLES[cycle](dates)
            out[:, 1 + 2 * k] = np.where(missing, 0.0, np.sin(angle))
            out[:, 2 + 2 * k] = np.where(missing, 0.0, np.cos(angle))
        if self.missing:
            out[:, -1] = missing
        if missing.any():
            finding = "encoded as all zeros"
            shared = f"have missing values, {finding}"
            notes.add_number(self.name, int(missing.sum()), "missing value", finding, shared)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "kind": "date",
            "name": self.name,
            **self.scaling.to_dict(),
            "cycles": list(self.cycles),
            "order": self.spelling.order,
            "marks": list(self.marks),
            "missing": self.missing,
        }

    @classmethod
    def from_dict(cls, name: str, data: object, where: str) -> Calendar:
        """Read what `to_dict` wrote."""
        order = read_entry(data, "order", str, where)
        check_name(order, get_args(DateOrder), f"{where}: order of dates")
        cycles = read_texts(data, "cycles", where)
        for cycle in cycles:
            check_name(cycle, list(_CYCLES), f"{where}: cycle")
        scaling, marks = Scaling.from_dict(data, where), read_texts(data, "marks", where)
        missing = read_flag(data, "missing", where)
        return cls(name, scaling, cycles, DateSpelling(order), marks, missing)


def read_dates(
    name: str,
    values: ArrayLike,
    spelling: DateSpelling,
    marks: tuple[str, ...],
    place: Callable[[int], str],
) -> NDArray[Any]:
    """A column as datetime64[us], NaT where a cell is missing or one of the marks.

    Raises
    ------
    ValueError
        If a cell is something else; the message gives column, place and cell.
    """
    array = np.asarray(values)
    if array.dtype.kind == "M":
        return array.astype("datetime64[us]")
    labels = find_labels(array)
    found, wrong = spelling.read(labels.texts)
    for code in np.flatnonzero(wrong):
        text = labels.texts[code]
        if text not in marks:
            row = int(np.argmax(labels.codes == code))
            refuse_cell(name, text, place(row), _EXPECTED[spelling.order])
    return found[labels.codes] if len(found) else np.empty(0, "datetime64[us]")


def elapsed_days(dates: NDArray[Any]) -> NDArray[np.float64]:
    """Days since 1970, NaN where a date is missing."""
    days = dates.astype(np.int64) / _DAY
    days[np.isnat(dates)] = np.nan
    return days


def varying_cycles(dates: NDArray[Any]) -> tuple[str, ...]:
    """The cycles in which these dates, none missing, differ.

    Where all are on one day of the month, such as the first, the weekday says nothing.
    """
    phases = {name: phase(dates) for name, phase in _CYCLES.items()}
    vary = [name for name, phase in phases.items() if phase.min() < phase.max()]
    return tuple(name for name in vary if name != "week" or "month" in vary)


def _of_year(dates: NDArray[Any]) -> NDArray[np.float64]:
    days = dates.astype("datetime64[D]") - dates.astype("datetime64[Y]").astype("datetime64[D]")
    return np.asarray(days.astype(np.float64) / 365.25)


def _of_month(dates: NDArray[Any]) -> NDArray[np.float64]:
    days = dates.astype("datetime64[D]") - dates.astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray(days.astype(np.float64) / 31.0)


def _of_week(dates: NDArray[Any]) -> NDArray[np.float64]:
    days = dates.astype("datetime64[D]").astype(np.int64) + 3  # 1970 began on a Thursday
    return np.asarray(days % 7 / 7.0)


def _of_day(dates: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(dates.astype(np.int64) % int(_DAY) / _DAY)


_CYCLES: dict[str, Callable[[NDArray[Any]], NDArray[np.float64]]] = {
    "year": _of_year,
    "month": _of_month,
    "week": _of_week,
    "day": _of_day,
}

_EXPECTED = {
    "year first": "a date with the year first",
    "day first": "a date with the day first",
    "month first": "a date with the month first",
    "digits": "a date of eight digits, as 20211231",
    "time of day": "a time of day",
}
