"""What each column of a table is taken for.

The rules, of which the first that fits decides. Types are seen from all rows; whatever is learnt,
and whether a column is constant, from the training rows alone.

1. Columns that the user drops (``--drop``), or does not name where features are named
   (``--features``), are left out; so are columns without a name.
2. ``--categorical`` makes a column labels, ``--numeric`` makes it numbers.
3. A column without values, or with a single one, in the training rows is left out.
4. *Booleans* are true/false, t/f, yes/no, y/n, on/off and 1/0, in upper or lower case. A model
   reads all of these, whichever it was trained on.
5. *Numbers* are columns that are stored as numbers, and texts of which at least nine in ten are
   numbers; the others count as missing and are told. Marks such as ``-``, ``n.a.`` and ``unknown``
   count as missing up to nine in ten of all cells. Numbers may have thousands separators (64,720 or
   64.720 or 64 720 or 64'720), a decimal comma, a currency or percent sign, or parentheses for a
   minus; each column is read in one way, that by which most of it is numbers.

   - Digits with leading zeros, as in postal codes, are labels; so are whole numbers in a column
     that is called like a postal code (zip, postcode, plz, ...).
   - An index that counts the rows, or whole numbers that differ in every row, are left out if the
     column is called like an identifier (id, customer_id, index, rownames, ...); otherwise they are
     numbers, and told where they are in order or too dense to differ by chance; so are whole
     numbers of a column that is called like an identifier.
   - Whole numbers of eight digits that are all days, as 20211231, are dates.
   - Three to ten different whole numbers, as codes are, are numbers, and told.
   - Ten or fewer different numbers beside texts are labels.

6. *Dates* are columns that are stored as dates, and texts of which at least nine in ten are dates:
   year first, day or month first (seen from the whole column; month first, and told, where every
   day is below 13), with the name of a month, with or without a time and a time zone, or a time
   alone. A year alone is a number, and so are seconds since 1970.
7. *Durations* are columns that are stored as such, and texts as 36:05:00 or 2 days 03:00:00.
8. All other texts are *categories*. Left out are texts that all differ, that mostly differ
   (more than 20, and more than half of all cells), and sentences (five words or more on average).
   Of more than 20 labels, those of fewer than three training rows share one input, and so do all
   but the 64 most frequent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..table import Table
from .date_spelling import DateSpelling
from .decision import Decision, Kind
from .finding import Finding, Seen, left_out, option
from .label_rules import find_category
from .number_rules import find_number, nothing_to_learn
from .number_spelling import PLAIN, NumberSpelling, find_spelling
from .options import ColumnOptions
from .text_rules import find_text, is_placeholder, numbers_of

__all__ = ["decide", "find_column"]


def decide(
    table: Table, rows: NDArray[np.int64], options: ColumnOptions | None = None
) -> tuple[Decision, ...]:
    """Decide what each column of a table is taken for.

    Parameters
    ----------
    table : Table
        The feature columns.
    rows : array of int, shape (m,)
        The training rows.
    options : ColumnOptions, optional
        What the user says.

    Returns
    -------
    tuple of Decision
        One for each column, in order.

    Raises
    ------
    ValueError
        If an option names no column of the table, or dates are to be numbers.

    Examples
    --------
    >>> table = Table({"age": np.array([3, 5, 8]), "": np.array([1, 2, 3])})
    >>> for decision in decide(table, np.arange(3)):
    ...     print(decision.kind, "-", decision.why)
    number - whole numbers from 3 to 8
    left out - it has no name
    """
    options = options or ColumnOptions()
    options.check_columns(table)
    return tuple(find_column(table, name, rows, options).decision for name in table)


def find_column(
    table: Table, name: str, rows: NDArray[np.int64], options: ColumnOptions
) -> Finding:
    """What a column is taken for, and how it is read."""
    asked = options.is_left_out(name)
    if asked:
        return Finding(Decision(name, "left out", asked))
    if not name:
        return left_out(name, "it has no name", "they have no name")
    seen = Seen(name, table[name], rows, options, table.place)
    if name in options.categorical or name in options.text:
        return find_category(seen, "labels, as asked for", option("numeric", name), forced=True)
    kind = seen.values.dtype.kind
    if name in options.numeric and kind == "M":
        raise ValueError(
            f"column {name!r} holds dates, which are no numbers: do not name it in numeric "
            "(--numeric)"
        )
    if name in options.numeric and kind != "m":
        return _as_asked(seen)
    if kind in "biuf":
        return find_number(seen, seen.values, _spelling_of_numbers(options))
    return _find_time(seen) if kind in "Mm" else find_text(seen)


def _spelling_of_numbers(options: ColumnOptions) -> NumberSpelling:
    """How numbers will be written in other files where this one's needed no reading."""
    return NumberSpelling(",", ".") if options.decimal == "," else PLAIN


def _as_asked(seen: Seen) -> Finding:
    """Numbers because the user says so."""
    numbers: NDArray[Any] = seen.values
    marks: tuple[str, ...] = ()
    spelling = _spelling_of_numbers(seen.options)
    if numbers.dtype.kind not in "biuf":
        spelling, _ = find_spelling(seen.counts, seen.options.decimal)
        numbers, odd = numbers_of(seen, spelling)
        marks = tuple(filter(is_placeholder, odd))
    useless = nothing_to_learn(seen, numbers)
    if useless is not None:
        return useless
    decision = Decision(seen.name, "number", "numbers, as asked for", option("drop", seen.name))
    return Finding(decision, spelling, marks)


def _find_time(seen: Seen) -> Finding:
    """What is stored as dates or durations."""
    kind: Kind = "date" if seen.values.dtype.kind == "M" else "duration"
    present = seen.values[~np.isnat(seen.values)]
    if len({text for text in seen.labels.counts(seen.rows) if text is not None}) < 2:
        return find_category(seen)  # which leaves it out
    change = option("categorical", seen.name)
    if kind == "duration":
        return Finding(Decision(seen.name, kind, "stored as durations", change), "duration")
    days = present.astype("datetime64[D]")
    why = f"dates from {days.min()} to {days.max()}"
    return Finding(
        Decision(seen.name, kind, why, change), DateSpelling(), (), f"is taken for {why}",
        "are taken for dates; if they are labels, use --categorical",
    )  # fmt: skip
