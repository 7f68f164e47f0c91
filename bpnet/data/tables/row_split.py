"""Which rows of a table are trained on, and which are held out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._lib.wording import count, shown
from ..splitting import Split, split, split_by_group, split_by_time
from .cell_parsing import is_missing, parse_number
from .columns.date_spelling import find_date_spelling
from .table import Table

__all__ = ["split_rows"]


_FEWER_PARTS = (
    "; hold out one part only, by validation=0 or --validation-share 0, or split the rows otherwise"
)


def split_rows(
    table: Table,
    rows: NDArray[np.int64],
    strata: NDArray[np.int64],
    *,
    validation: float,
    test: float,
    group: str | None,
    time: str | None,
    day_first: bool | None,
    seed: int,
    told: list[str],
) -> Split:
    """Divide these rows of a table into three parts.

    Parameters
    ----------
    table : Table
    rows : array, shape (m,), int64
    strata : array, shape (m,), int64
        Class indices; in a split that is neither by group nor by time each keeps its share.
    validation, test : float
        Shares of the rows.
    group, time : str or None
        The column by which they are split, at most one.
    day_first : bool or None
        Whether 1/2/2021 is the first of February; None to see it from the column.
    seed : int
    told : list of str
        What the user should know is added to it.

    Raises
    ------
    ValueError
        If a group or time is missing or cannot be read, or there are too few.
    """
    shares = {"validation": validation, "test": test}
    try:
        if group is not None:
            parts = split_by_group(_groups(table, group, rows), **shares, seed=seed)
        elif time is not None:
            times = _times(table, time, rows, day_first, told)
            parts = split_by_time(times, **shares)
        else:
            parts = split(strata, **shares, seed=seed)
    except ValueError as error:
        name = group if group is not None else time
        at = "" if str(error).startswith("column") else f"column {name!r}: "
        hint = _FEWER_PARTS if "cannot be divided" in str(error) else ""
        raise ValueError(f"{at}{error}{hint}") from None
    found = Split(*(rows[part] for part in parts))
    if group is not None:
        told.append(_in_groups(group, _groups(table, group, rows), parts))
    if time is not None:
        told.append(_in_time(table, time, found))
    return found


def _groups(table: Table, name: str, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    values = table[name][rows]
    _refuse_missing(table, name, rows, values, "group")
    different: dict[object, int] = {}
    indices = [different.setdefault(value, len(different)) for value in values.tolist()]
    return np.array(indices, dtype=np.int64)


def _times(
    table: Table, name: str, rows: NDArray[np.int64], day_first: bool | None, told: list[str]
) -> NDArray[Any]:
    values = table[name][rows]
    _refuse_missing(table, name, rows, values, "time")
    if values.dtype != np.object_:
        return values
    numbers = [parse_number(text) for text in values.tolist()]
    if None not in numbers:
        return np.array(numbers, dtype=np.float64)
    texts = values.tolist()
    spelling, ambiguous = find_date_spelling(set(texts), day_first)
    times, wrong = spelling.read(texts)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"column {name!r}, {table.place(int(rows[row]))}: {shown(texts[row])} is no date, as "
            "2026-03-01 is one"
        )
    if ambiguous:
        other = spelling.order != "day first"
        flag = "--day-first" if other else "--no-day-first"
        told.append(
            f"dates in column {name!r} are read as {spelling.order}; use day_first={other} or "
            f"{flag} if they are not"
        )
    return times


def _refuse_missing(
    table: Table, name: str, rows: NDArray[np.int64], values: NDArray[Any], what: str
) -> None:
    missing = np.flatnonzero(is_missing(values))
    if missing.size:
        raise ValueError(
            f"column {name!r}, {table.place(int(rows[missing[0]]))}: no {what}, by which rows are "
            "split; fill it in, or take the row out"
        )


def _in_groups(name: str, groups: NDArray[np.int64], parts: Split) -> str:
    told = ", ".join(
        f"{count(len(np.unique(groups[part])), 'group')} to {what} ({len(part) / len(groups):.0%} "
        "of the rows)"
        for what, part in zip(("train on", "validate", "test"), parts, strict=True)
        if len(part)
    )
    return f"rows are split by the groups of column {name!r}: {told}"


def _in_time(table: Table, name: str, parts: Split) -> str:
    def time(row: int) -> str:
        value = table[name][row]
        is_time = value.__class__ is np.datetime64
        return np.datetime_as_string(value, unit="auto") if is_time else str(value)

    told = [f"train on {time(parts.train[0])} to {time(parts.train[-1])}"]
    told += [
        f"{what} from {time(part[0])}"
        for what, part in (("validate", parts.validation), ("test", parts.test))
        if len(part)
    ]
    return f"rows are split by the time in column {name!r}: {', '.join(told)}"
