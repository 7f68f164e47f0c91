"""What is learnt from the training rows about each feature column."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cell_parsing import as_numbers, as_text, parse_number
from ..moments import moments
from ..notes import Notes
from ..table import Table
from .decision import Decision
from .encoder import Categorical, Column, Numeric
from .options import ColumnOptions

__all__ = ["fit_columns"]

_MOST_CATEGORIES = 1000


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
    columns = []
    for name, values in table.items():
        if not name:
            notes.add(name, "has no name and is left out", "have no name and are left out")
            continue
        if options.is_left_out(name):
            continue
        if values.dtype.kind in "mM":
            values = as_text(values)
        fit = _fit_text if values.dtype == np.object_ else _fit_numbers
        column = fit(name, values, rows, notes)
        if column is not None:
            columns.append(column)
    return tuple(columns), ()


def _fit_numbers(
    name: str, values: NDArray[Any], rows: NDArray[np.int64], notes: Notes
) -> Numeric | None:
    numbers = as_numbers(name, values[rows])
    numbers = numbers[~np.isnan(numbers)]
    if not numbers.size:
        _leave_out_empty(name, notes)
        return None
    mean, scale = moments(name, numbers)
    if not scale:
        _leave_out_constant(name, f"{mean:.12g}", notes)
        return None
    if values.dtype.kind in "iu" and (np.diff(values.astype(np.int64)) == 1).all():
        notes.add(
            name,
            "counts the rows; if it is only an index, take it out of the file",
            "count the rows; if they are only an index, take them out of the file",
        )
    return Numeric(name, mean, scale)


def _fit_text(
    name: str, values: NDArray[Any], rows: NDArray[np.int64], notes: Notes
) -> Categorical | None:
    found = set(values[rows].tolist())
    texts = [text for text in values.tolist() if text is not None]
    n_different = len(set(texts))
    words = [text for text in texts if parse_number(text) is None]
    if words and 2 * len(words) < len(texts):
        notes.add(
            name,
            f"is taken for text, not numbers, because of {words[0]!r}",
            "are taken for text, not numbers, because of a few values",
        )
    if found == {None}:
        _leave_out_empty(name, notes)
    elif len(found) == 1:
        _leave_out_constant(name, repr(found.pop()), notes)
    elif 1 < n_different == len(texts):
        notes.add(
            name,
            f"is left out: its {n_different} texts all differ, like identifiers",
            "are left out: their texts all differ, like identifiers",
        )
    elif n_different > _MOST_CATEGORIES:
        notes.add(
            name,
            f"is left out: it has {n_different} different texts, more than {_MOST_CATEGORIES}",
            f"are left out: they have more than {_MOST_CATEGORIES} different texts",
        )
    else:
        missing = (None,) if None in found else ()
        return Categorical(name, (*sorted(found - {None}), *missing))
    return None


def _leave_out_empty(name: str, notes: Notes) -> None:
    notes.add(
        name,
        "has no value in the training rows and is left out",
        "have no value in the training rows and are left out",
    )


def _leave_out_constant(name: str, value: str, notes: Notes) -> None:
    notes.add(
        name,
        f"is constant (={value}) in the training rows and is left out",
        "are constant in the training rows and are left out",
    )
