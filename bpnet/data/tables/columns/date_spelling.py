"""Dates and times as people write them: 2021-12-31, 12/31/2021, 31.12.2021 14:30, 5 Jan 2021."""

from __future__ import annotations

import datetime
import functools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["DateOrder", "DateSpelling", "find_date_spelling"]

DateOrder: TypeAlias = Literal["year first", "day first", "month first", "digits", "time of day"]

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?)?", re.ASCII)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d\d?)(?:\2(?P<day>\d\d?))?", re.ASCII)
_YEAR_LAST = re.compile(r"(?P<one>\d\d?)([-/.])(?P<two>\d\d?)\2(?P<year>\d{4}|\d\d)", re.ASCII)
_DIGITS = re.compile(r"(?P<year>(?:1[89]|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)", re.ASCII)
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+)?"
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"
_NAMED = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        rf"{_WEEKDAY}(?P<day>\d\d?)(?:st|nd|rd|th)?[-\s.]*{_NAME}[-\s,]*(?P<year>\d{{4}}|\d\d)",
        rf"{_WEEKDAY}{_NAME}[-\s]*(?P<day>\d\d?)(?:st|nd|rd|th)?,?[-\s]+(?P<year>\d{{4}})",
        rf"{_NAME}[-\s]*(?P<year>\d{{4}})",
        rf"(?P<year>\d{{4}})[-\s]*{_NAME}",
    )
)
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip


_MOST_TRIED = 10_000  # texts that tell how dates are written, but for day and month
_EPOCH, _TWO_DAYS = datetime.datetime(1970, 1, 1), datetime.timedelta(days=2)


@dataclass(frozen=True)
class DateSpelling:
    """How the dates of a column are written.

    Dates with the year first, and those with the name of a month, are read whatever the order.
    Times with an offset are converted to UTC.

    Attributes
    ----------
    order : {"year first", "day first", "month first", "digits", "time of day"}
        "digits" is 20211231; "time of day" is a time alone, which becomes one of 1970-01-01.

    Examples
    --------
    >>> DateSpelling("month first").parse("12/31/2021 2:30 PM")
    datetime.datetime(2021, 12, 31, 14, 30)
    >>> DateSpelling("day first").parse("12/31/2021") is None
    True
    """

    order: DateOrder = "year first"

    def parse(self, text: str) -> datetime.datetime | None:
        """The date that a cell holds, or None."""
        if self.order == "time of day":
            time = _clock(text)
            return None if time is None else _EPOCH + time
        day, clock = _divided(text)
        date = _day(day, self.order)
        time = _clock(clock) if clock else datetime.timedelta()
        if date is None or time is None or time >= _TWO_DAYS:
            return None
        try:
            return date + time
        except OverflowError:
            return None

    def read(self, texts: list[str | None]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Cells as datetime64[us], NaT where one is missing or no date; and where it is no date."""
        if self.order != "time of day" and all(map(_ISO.fullmatch, filter(None, texts))):
            try:
                return np.array(texts, dtype="datetime64[us]"), np.zeros(len(texts), np.bool_)
            except ValueError:  # such as February 30
                pass
        dates = [text if text is None else self.parse(text) for text in texts]
        wrong = [date is None is not text for text, date in zip(texts, dates, strict=True)]
        return np.array(dates, dtype="datetime64[us]"), np.array(wrong, dtype=np.bool_)


def find_date_spelling(
    texts: Iterable[str], day_first: bool | None = None
) -> tuple[DateSpelling, bool]:
    """See from the different texts of a column how its dates are written.

    Parameters
    ----------
    texts : iterable of str
    day_first : bool, optional
        Whether 1/2/2021 is the first of February, where the user has said so.

    Returns
    -------
    DateSpelling
        The one by which most of them are dates, whether or not all are.
    bool
        Whether day and month may be the other way round, as no day is beyond the twelfth.

    Examples
    --------
    >>> find_date_spelling(["12/31/2021", "1/2/2021"])
    (DateSpelling(order='month first'), False)
    >>> find_date_spelling(["1/2/2021"])
    (DateSpelling(order='month first'), True)
    """
    texts = list(texts)
    days = [_divided(text)[0] for text in texts[:: math.ceil(len(texts) / _MOST_TRIED) or 1]]
    if sum(not day for day in days) > len(days) / 2:
        return DateSpelling("time of day"), False
    if sum(_DIGITS.fullmatch(day) is not None for day in days) > len(days) / 2:
        return DateSpelling("digits"), False
    if not any(map(_YEAR_LAST.fullmatch, days)):
        return DateSpelling("year first"), False
    different = {_divided(text)[0] for text in texts}
    year_last = [match for match in map(_YEAR_LAST.fullmatch, different) if match is not None]
    if day_first is not None:
        return DateSpelling("day first" if day_first else "month first"), False
    first = sum(int(match["one"]) > 12 for match in year_last)
    second = sum(int(match["two"]) > 12 for match in year_last)
    if first == second:  # dots are written where days come first
        days_first = sum(match[2] == "." for match in year_last) > len(year_last) / 2
        return DateSpelling("day first" if days_first else "month first"), not days_first
    return DateSpelling("day first" if first > second else "month first"), False


def _divided(text: str) -> tuple[str, str]:
    """The day and the time of day in a cell, either of which may be empty."""
    colon = text.find(":")
    if colon < 0:
        return text, ""
    end = max(text.rfind(mark, 0, colon) for mark in " T\t")
    return text[: end + 1].rstrip(" ,T\t"), text[end + 1 :]


@functools.lru_cache(maxsize=100_000)
def _day(text: str, order: DateOrder) -> datetime.datetime | None:
    """A day without a time, or None."""
    if order == "digits":
        match = _DIGITS.fullmatch(text)
        return None if match is None else _made(**match.groupdict())
    match = _YEAR_LAST.fullmatch(text)
    if match is not None:
        one, mark, two, year = match.groups()
        if order == "year first" or (mark == "." and len(one + two + year) < 6):
            return None  # 1.2.13 may be a version
        day, month = (one, two) if order == "day first" else (two, one)
        return _made(year, month, day)
    for pattern in (_YEAR_FIRST, *_NAMED):
        match = pattern.fullmatch(text)
        if match is not None:
            return _made(**match.groupdict())
    return None


def _made(
    year: str, month: str | None = None, day: str | None = None, name: str | None = None
) -> datetime.datetime | None:
    """The date of these parts, or None where there is no such day."""
    number = int(month or 1)
    if name is not None:
        months = [k for k, known in enumerate(_MONTHS, 1) if known.startswith(name.lower())]
        if len(months) != 1:
            return None
        number = months[0]
    full = int(year)
    if len(year) == 2:
        full += 1900 if full >= 69 else 2000  # as POSIX does
    try:
        return datetime.datetime(full, number, int(day or 1))
    except ValueError:
        return None


@functools.lru_cache(maxsize=100_000)
def _clock(text: str) -> datetime.timedelta | None:
    """The time since midnight, in UTC where an offset is given, or None."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hour, half, zone = int(match["hour"]), match["half"], match["zone"]
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    time = datetime.timedelta(
        hours=hour,
        minutes=int(match["minute"]),
        seconds=int(match["second"] or 0),
        microseconds=int((match["fraction"] or "").ljust(6, "0")[:6]),
    )
    if zone is None or zone[0] not in "+-":
        return time
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return time + offset if zone[0] == "-" else time - offset
