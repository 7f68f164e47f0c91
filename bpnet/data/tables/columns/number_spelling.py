"""Numbers as people write them: 64,720 or 64.720,50, $5, 1.5 %, (300) for -300."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..cell_parsing import parse_number

__all__ = ["PLAIN", "NumberSpelling", "find_spelling"]

# The same marks in other characters: minus signs, and spaces and apostrophes between thousands.
_SAME = str.maketrans("\u2212\u2012\u2013\u00a0\u2009\u202f\u2019", "---   '")
_CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|BRL|MXN|ZAR|KRW|Rs"
_CURRENCY = rf"(?:(?:US|A|C|NZ|R|HK)?[$\u00a2-\u00a5\u20a0-\u20c0]|{_CODES}|{_CODES.lower()})\.?"
_MOST_TRIED = 10_000  # texts that decide how a column is written


@dataclass(frozen=True)
class NumberSpelling:
    """How the numbers of a column are written.

    Signs of currency, a percent sign and, for a negative number, parentheses around it may stand
    with a number whatever the spelling; a percent sign changes no value: 5 % is 5.

    Attributes
    ----------
    decimal : {".", ","}
        Between the whole number and its fraction.
    grouping : {"", ",", ".", " ", "'"}
        Between thousands.

    Examples
    --------
    >>> NumberSpelling(",", ".").parse("1.234,50 €")
    1234.5
    >>> NumberSpelling(".", ",").parse("(1,234)")
    -1234.0
    >>> NumberSpelling(".", ",").parse("1,2345") is None
    True
    """

    decimal: str = "."
    grouping: str = ""

    def parse(self, text: str) -> float | None:
        """The number that a cell holds, or None."""
        if self.decimal == ".":
            number = parse_number(text)
            if number is not None:
                return number
        text = text.translate(_SAME).strip()
        negative = text[:1] == "(" and text[-1:] == ")"
        match = _pattern(self.decimal, self.grouping).fullmatch(text[1:-1] if negative else text)
        if match is None or (negative and any(match.group(1, 2))):
            return None
        if all(match.group(1, 2)):  # two signs
            return None
        body = match[3]
        if self.grouping:
            body = body.replace(self.grouping, "")
        number = float(body.replace(self.decimal, "."))
        return -number if negative or "-" in match.group(1, 2) else number

    def read(
        self, texts: Sequence[str | None] | NDArray[np.object_]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Cells as numbers, NaN where one is missing or no number; and where one is no number."""
        found: dict[str | None, float | None] = {None: math.nan}
        for text in texts:
            if text not in found and text is not None:
                found[text] = self.parse(text)
        numbers = [found[text] for text in texts]
        wrong = np.array([number is None for number in numbers], dtype=np.bool_)
        return np.array(numbers, dtype=np.float64), wrong  # None becomes NaN


PLAIN = NumberSpelling()

# In this order where several read as many cells: 1,234 is more often 1234 than 1.234.
_KNOWN = tuple(
    NumberSpelling(decimal, grouping)
    for decimal, grouping in ((".", ""), (".", ","), (",", "."), (".", " "), (",", " "),
                              (".", "'"), (",", "'"))
)  # fmt: skip


def find_spelling(
    texts: Iterable[str], decimal: str | None = None
) -> tuple[NumberSpelling, NumberSpelling | None]:
    """See from all texts of a column how its numbers are written.

    Parameters
    ----------
    texts : iterable of str
        The different texts of a column.
    decimal : {".", ","}, optional
        The decimal mark, where the user has given it.

    Returns
    -------
    NumberSpelling
        The one by which most of them are numbers, whether or not all are.
    NumberSpelling or None
        Another one by which as many are numbers, but other numbers: 1,234 may be 1234 or 1.234.

    Examples
    --------
    >>> find_spelling(["1.234,5", "17"])
    (NumberSpelling(decimal=',', grouping='.'), None)
    >>> find_spelling(["1,234", "5,678"])[0].parse("1,234")
    1234.0
    """
    tried = sorted(set(texts))
    tried = tried[:: math.ceil(len(tried) / _MOST_TRIED) or 1]
    read = {
        spelling: [spelling.parse(text) for text in tried]
        for spelling in _KNOWN
        if decimal in (None, spelling.decimal)
    }
    numbers = {spelling: sum(x is not None for x in found) for spelling, found in read.items()}
    best = max(numbers, key=numbers.__getitem__)  # the first of the best
    other = next(
        (
            spelling
            for spelling, number in numbers.items()
            if number == numbers[best]
            and spelling.decimal != best.decimal
            and best.grouping
            and read[spelling] != read[best]
        ),
        None,
    )
    return best, other


@functools.cache
def _pattern(decimal: str, grouping: str) -> re.Pattern[str]:
    """A number with one sign on either side of its currency: sign, sign and digits are groups."""
    whole, mark = r"\d+", re.escape(decimal)
    if grouping:
        group = re.escape(grouping)
        whole = rf"[1-9]\d{{0,2}}(?:{group}\d{{3}})+|{whole}"
        if grouping == ",":  # as in India: 12,34,567
            whole = rf"[1-9]\d?(?:,\d\d)+,\d{{3}}|{whole}"
    body = rf"(?:(?:{whole})(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?"
    return re.compile(
        rf"([+-])?\s*(?:{_CURRENCY})?\s*([+-])?\s*({body})\s*(?:{_CURRENCY}|%)?", re.ASCII
    )
