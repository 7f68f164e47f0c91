"""Numbers as people write them: 64,720 or 64.720,50, $5, 1.5 %, (300) for -300."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

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

    Parentheses make a number negative, whatever the spelling.

    Attributes
    ----------
    decimal : {".", ","}
        Between the whole number and its fraction.
    grouping : {"", ",", ".", " ", "'"}
        Between thousands.
    signs : tuple of str, or None
        Those that may stand with a number: currencies and the percent sign, which changes no
        value: 5 % is 5. None allows any.

    Examples
    --------
    >>> NumberSpelling(",", ".", ("€",)).parse("1.234,50 €")
    1234.5
    >>> NumberSpelling(".", ",").parse("$5") is None
    True
    >>> NumberSpelling(".", ",").parse("(1,234)")
    -1234.0
    >>> NumberSpelling(".", ",").parse("1,2345") is None
    True
    """

    decimal: str = "."
    grouping: str = ""
    signs: tuple[str, ...] | None = ()

    def parse(self, text: str) -> float | None:
        """The number that a cell holds, or None."""
        if self.decimal == ".":
            number = parse_number(text)
            if number is not None:
                return number
        text = text.strip() if text.isascii() else text.translate(_SAME).strip()
        negative = text[:1] == "(" and text[-1:] == ")"
        pattern = _pattern(self.decimal, self.grouping, self.signs != ())
        match = pattern.fullmatch(text[1:-1] if negative else text)
        if match is None:
            return None
        minus, before, sign, body, after = match.groups("")
        if (minus and sign) or (negative and (minus or sign)):
            return None
        if self.signs is not None and any(x not in self.signs for x in (before, after) if x):
            return None
        if self.grouping:
            body = body.replace(self.grouping, "")
        number = float(body.replace(self.decimal, "."))
        return -number if negative or "-" in (minus, sign) else number

    def signs_of(self, text: str) -> set[str]:
        """The signs that stand with a number."""
        text = text.translate(_SAME).strip().removeprefix("(").removesuffix(")")
        match = _pattern(self.decimal, self.grouping, True).fullmatch(text)
        return set() if match is None else {match[2], match[5]} - {None}

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
    NumberSpelling(decimal, grouping, signs=None)
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
    (NumberSpelling(decimal=',', grouping='.', signs=()), None)
    >>> find_spelling(["1,234", "5,678"])[0].parse("1,234")
    1234.0
    """
    tried = list(dict.fromkeys(texts))
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
    signs: set[str] = set().union(*map(best.signs_of, tried))
    found = replace(best, signs=tuple(sorted(signs)))
    return found, None if other is None else replace(other, signs=found.signs)


@functools.cache
def _pattern(decimal: str, grouping: str, with_signs: bool) -> re.Pattern[str]:
    """Plus or minus, a currency, plus or minus, the digits, a currency or a percent sign."""
    whole, mark = r"\d+", re.escape(decimal)
    if grouping:
        group = re.escape(grouping)
        whole = rf"[1-9]\d{{0,2}}(?:{group}\d{{3}})+|{whole}"
        if grouping == ",":  # as in India: 12,34,567
            whole = rf"[1-9]\d?(?:,\d\d)+,\d{{3}}|{whole}"
    body = rf"(?:(?:{whole})(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?"
    before, after = (_CURRENCY, rf"{_CURRENCY}|%") if with_signs else ("(?!)", "(?!)")
    return re.compile(rf"([+-])?\s*({before})?\s*([+-])?\s*({body})\s*({after})?", re.ASCII)
