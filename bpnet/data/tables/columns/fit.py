"""What is learnt from the training rows about each feature column."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..notes import Notes
from ..table import Table
from .boolean import Boolean
from .calendar import Calendar, elapsed_days, read_dates, varying_cycles
from .categorical import Categorical
from .date_spelling import DateSpelling
from .decision import Decision
from .decisions import find_column
from .encoder import Column
from .finding import Categories, Finding, left_out
from .numeric import Number, Spelling, read_numbers
from .options import ColumnOptions
from .outliers import find_code, find_outlier
from .scaling import Scaling

__all__ = ["fit_columns"]

_FEWEST_GAPS = 5  # training rows without a value, and
_LEAST_GAPS = 0.02  # their share, from which on that is a feature


def fit_columns(
    table: Table, rows: NDArray[np.int64], options: ColumnOptions, notes: Notes
) -> tuple[tuple[Column, ...], tuple[Decision, ...]]:
    """Decide what each column is, and learn from these rows how to encode it.

    Parameters
    ----------
    table : Table
        The feature columns, all rows that have a target.
    rows : array of int, shape (m,)
        Those to learn from.
    options : ColumnOptions
    notes : Notes
        Receives what the user should know.

    Returns
    -------
    tuple of Column
        How each column that is used becomes columns of x.
    tuple of Decision
        One for each column of the table.

    Raises
    ------
    ValueError
        If an option names no column of the table, or a column is not what the user says.
    """
    options.check_columns(table)
    columns, decisions = [], []
    for name in table:
        found = find_column(table, name, rows, options)
        column, found = _fit(table, found, rows, notes)
        if column is not None:
            columns.append(column)
        if found.told:
            notes.add(name, found.told, found.shared, together=found.together)
        decisions.append(found.decision)
    return tuple(columns), tuple(decisions)


def _fit(
    table: Table, found: Finding, rows: NDArray[np.int64], notes: Notes
) -> tuple[Column | None, Finding]:
    """The encoder of a column, None where it is left out; and why, where that is seen here."""
    name, kind, reading = found.decision.column, found.decision.kind, found.reading
    if kind == "left out":
        return None, found
    values = table[name][rows]

    def place(row: int) -> str:
        return table.place(int(rows[row]))

    if isinstance(reading, Categories):
        return Categorical(name, reading.labels, reading.other), found
    if isinstance(reading, DateSpelling):
        dates = read_dates(name, values, reading, found.marks, place)
        fit_dates = dates[~np.isnat(dates)]
        if len(np.unique(fit_dates)) < 2:
            return None, _constant(name)
        cycles = ("day",) if reading.order == "time of day" else varying_cycles(fit_dates)
        scaling = Scaling.fit(elapsed_days(fit_dates))
        outlier = find_outlier(elapsed_days(dates), scaling)
        if outlier is not None:
            row, limits = outlier
            low, high = (np.datetime64(int(limit), "D") for limit in limits)
            value = str(dates[row].astype("datetime64[D]"))
            _tell_outlier(name, value, place(row), f"{low} to {high}", notes)
        gaps = _are_many(np.isnat(dates))
        return Calendar(name, scaling, cycles, reading, found.marks, gaps), found
    if reading is None:
        return Boolean(name, _are_many(_gaps(values))), found
    return _fit_number(name, values, reading, found, place, notes)


def _fit_number(
    name: str,
    values: NDArray[np.generic],
    spelling: Spelling,
    found: Finding,
    place: Callable[[int], str],
    notes: Notes,
) -> tuple[Column | None, Finding]:
    numbers = read_numbers(name, values, spelling, found.marks, place)
    gaps = np.isnan(numbers)
    present = numbers[~gaps]
    if not present.size or (present == present[0]).all():
        return None, _constant(name)
    scaling = Scaling.fit(present)
    outlier = find_code(numbers) or find_outlier(numbers, scaling)
    if outlier is not None:
        row, (low, high) = outlier
        value = f"{numbers[row]:.12g}"
        _tell_outlier(name, value, place(row), f"{low:.6g} to {high:.6g}", notes)
    return Number(name, scaling, spelling, found.marks, _are_many(gaps)), found


def _tell_outlier(name: str, value: str, place: str, others: str, notes: Notes) -> None:
    option = f"--missing={value}" if value.startswith("-") else f"--missing {value}"
    told = (
        f"has a value far from all others, {value} in {place} (the others are from {others}): it "
        f"is clipped; if it stands for a missing value, use {option}"
    )
    notes.add(name, told, told)  # each value is told, and shares no sentence


def _constant(name: str) -> Finding:
    """One value, however it is written."""
    return left_out(
        name,
        "it has a single value in the training rows",
        "they have a single value in the training rows",
    )


def _gaps(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    if values.dtype.kind == "O":
        return np.array([value is None for value in values.tolist()], dtype=np.bool_)
    return np.asarray(np.isnan(values.astype(np.float64)))


def _are_many(gaps: NDArray[np.bool_]) -> bool:
    n_gaps = int(gaps.sum())
    return n_gaps >= _FEWEST_GAPS and n_gaps >= _LEAST_GAPS * len(gaps)
