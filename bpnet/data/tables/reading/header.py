"""Whether the first row of a text file names the columns, or is data like the rows below."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from ...._lib.wording import listing

__all__ = ["find_data_in_header"]

_LETTER = re.compile(r"[^\W\d_]")
_FIRST_YEAR, _LAST_YEAR = 1800, 2100
_SURELY_MONOTONIC = 5  # numbers, which are in order by chance in one of 60 rows
_CHANCE = 0.001
_MANY = 10  # rows, after which a new value is rare where each has come again

Number = Callable[[str], float | None]


def find_data_in_header(
    first: Sequence[str],
    rows: Sequence[Sequence[str]],
    number: Number,
    is_missing: Callable[[str], bool],
) -> str:
    """Why the first row is data, in words; empty where it may well name the columns.

    A sign of data is a number above numbers, a text that occurs again in its column, or a date or
    the like above others of the same form. A sign of a header is a word above numbers or dates; a
    word that does not occur again, two signs, where all others do; and numbers that are no values
    of their columns: years, or such that run on from column to column. The row is taken for data if
    a third of the columns have signs of data, and more than twice as many as have signs of a
    header.

    Parameters
    ----------
    first : sequence of str
        The first row.
    rows : sequence of sequences of str
        The next ones.
    number : function of str
        The number that a cell holds, or None.
    is_missing : function of str
        Whether that is how a cell says that a value is missing.
    """
    rows = [row for row in rows if row != first]  # a header that comes again says nothing
    numeric: list[tuple[str, list[float]]] = []
    recurring, alike, names, seen = [], [], 0, 0
    for name, cells in zip(first, zip(*rows, strict=True), strict=False):
        name = name.strip()
        present = [text for text in map(str.strip, cells) if not is_missing(text)]
        if is_missing(name) or not present:
            continue
        seen += 1
        numbers = [value for value in map(number, present) if value is not None]
        if len(numbers) == len(present) and number(name) is not None:
            numeric.append((name, numbers))
        elif _LETTER.search(name):
            if name in present and len(set(present)) > 1:
                recurring.append(name)
            elif 10 * len(numbers) >= 9 * len(present) or not any(map(_LETTER.search, present)):
                names += 1
            elif (
                name not in present and len(present) >= _MANY and 1 not in Counter(present).values()
            ):
                names += 2  # of two signs: no other value is alone in its column
        elif number(name) is None and {_form(text) for text in present} == {_form(name)}:
            alike.append(name)
    values = [name for name, _ in numeric]
    above = [number(name) or 0.0 for name in values]
    if numeric and _are_names(above, [numbers for _, numbers in numeric]):
        names, values = names + 1, []
    signs = len(values) + len(recurring) + len(alike)
    if not signs or 3 * signs < seen or signs <= 2 * names:
        return ""
    found = [
        f"{listing(values)} {'is a number' if len(values) == 1 else 'are numbers'} as below",
        f"{listing(recurring)} {'occurs' if len(recurring) == 1 else 'occur'} again below",
        f"{listing(alike)} {'has' if len(alike) == 1 else 'have'} the form of what is below",
    ]
    kinds = (values, recurring, alike)
    return ", and ".join(words for words, some in zip(found, kinds, strict=True) if some)


def _form(text: str) -> str:
    return re.sub(r"\d+", "9", text)


def _are_names(first: Sequence[float], columns: Sequence[Sequence[float]]) -> bool:
    """Whether numbers above columns of numbers are no values of these."""
    whole = all(value.is_integer() for value in first)
    if whole and len(set(first)) == len(first) and all(map(_is_year, first)):
        return not all(map(_is_year, (value for column in columns for value in column)))
    rows = list(zip(*columns, strict=False))
    all_whole = all(value.is_integer() for column in columns for value in column)
    if len(first) > 1 and whole and first[0] in (0, 1) and _is_even(first) and not all_whole:
        return True  # a count of columns, as of a matrix without names
    if len(first) > 2 and whole and _is_even(first) and not _mostly(_is_even, rows):
        return True
    if len(first) >= _SURELY_MONOTONIC and _runs(first) and not _mostly(_runs, rows):
        return True
    chance = 1.0
    for value, column in zip(first, columns, strict=True):
        if min(column) <= value <= max(column):
            return False
        chance *= 2 / (len(column) + 1)
    return chance < _CHANCE


def _is_year(value: float) -> bool:
    return value.is_integer() and _FIRST_YEAR <= value <= _LAST_YEAR


def _is_even(values: Sequence[float]) -> bool:
    """Whether numbers go up or down by equal steps."""
    steps = {after - before for before, after in pairwise(values)}
    return len(steps) == 1 and steps != {0}


def _runs(values: Sequence[float]) -> bool:
    """Whether numbers go up or down all the way."""
    steps = [after - before for before, after in pairwise(values)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _mostly(holds: Callable[[Sequence[float]], bool], rows: Sequence[Sequence[float]]) -> bool:
    return 2 * sum(map(holds, rows)) >= len(rows)
