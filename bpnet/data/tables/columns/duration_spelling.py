"""Durations as people write them: 36:05:00, 2 days 03:00:00, PT1H30M."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

__all__ = ["parse_duration", "read_durations"]

_CLOCK = re.compile(
    r"(?:(?P<days>[+-]?\d+)\s*(?:days?|d)\b,?\s*)?"
    r"(?:(?P<sign>[+-])?(?P<hours>\d+):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d(?:\.\d+)?))?)?",
    re.ASCII,
)
_ISO = re.compile(
    r"(?P<sign>[+-])?P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_SECONDS = {"weeks": 604_800.0, "days": 86_400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}


def parse_duration(text: str) -> float | None:
    """The seconds that a cell holds, or None.

    >>> parse_duration("2 days 01:00:00"), parse_duration("PT1H30M"), parse_duration("90")
    (176400.0, 5400.0, None)
    """
    match = _CLOCK.fullmatch(text) or _ISO.fullmatch(text)
    if match is None:
        return None
    parts = match.groupdict()
    sign = -1.0 if parts.pop("sign") == "-" else 1.0
    given = {unit: float(number) for unit, number in parts.items() if number is not None}
    if not given:
        return None
    days = given.pop("days", 0.0) if match.re is _CLOCK else 0.0  # -1 days +23:00:00
    seconds = sign * sum(number * _SECONDS[unit] for unit, number in given.items())
    return days * _SECONDS["days"] + seconds


def read_durations(texts: list[str | None]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Cells in seconds, NaN where one is missing or no duration; and where it is no duration."""
    found = [math.nan if text is None else parse_duration(text) for text in texts]
    wrong = np.array([seconds is None for seconds in found], dtype=np.bool_)
    return np.array(found, dtype=np.float64), wrong
