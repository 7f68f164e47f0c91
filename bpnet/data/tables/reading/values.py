"""Columns made of Python's values or of arrays, as frames, records and mappings hold them."""

from __future__ import annotations

import datetime
import decimal
import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cell_parsing import as_text, text_cells

__all__ = ["UnusableColumnError", "column_from_array", "column_from_values", "joined"]

_NESTED = {
    dict: "dictionaries",
    set: "sets",
    frozenset: "sets",
    bytes: "bytes",
    complex: "complex numbers",
}
_NONE_TYPES = ("NAType", "NaTType")  # of pandas


class UnusableColumnError(Exception):
    """Says what a column holds that a table cannot have, as "holds lists"."""


def column_from_array(array: NDArray[Any]) -> NDArray[Any]:
    """A one-dimensional array of any dtype as a column of a table; a copy only where it must be.

    Raises
    ------
    UnusableColumnError
        If it holds neither numbers nor text nor times.
    """
    if isinstance(array, np.ma.MaskedArray):
        return column_from_values(array.tolist())
    kind = array.dtype.kind
    if array.ndim != 1:
        raise UnusableColumnError(f"holds arrays of shape {array.shape[1:]}")
    if kind in "iuf" and array.dtype.itemsize <= 8:
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    if kind == "f":
        return array.astype(np.float64)
    if kind in "bUT":
        return as_text(array)
    if kind in "mM":
        unit = np.datetime_data(array.dtype)[0]
        return array.astype(f"{kind}8[s]" if unit == "generic" else array.dtype.newbyteorder("="))
    if kind == "S":
        try:
            return text_cells([value.decode() for value in array.tolist()])
        except UnicodeDecodeError:
            raise UnusableColumnError("holds bytes that are not UTF-8") from None
    if kind == "O":
        return column_from_values(array.tolist())
    what = "complex numbers" if kind == "c" else array.dtype
    raise UnusableColumnError(f"holds {what}")


def column_from_values(values: Sequence[Any]) -> NDArray[Any]:
    """Python's values, None or NaN where one is missing, as a column of a table.

    Numbers are integers or floats, moments and durations ``datetime64`` and ``timedelta64``; text,
    booleans and what is mixed are text.

    Raises
    ------
    UnusableColumnError
        If there are lists, dictionaries or the like among them.
    """
    types = set(map(type, values))
    if types <= {str, type(None)} and str in types:
        return text_cells(values)
    if types == {int}:
        return _numbers(values)
    present = [value for value in values if not _is_none(value)]
    kinds = set(map(_kind, present))
    if kinds <= {"number"}:
        if len(present) == len(values):
            return _numbers(values)
        return np.array([np.nan if _is_none(value) else _as_float(value) for value in values])
    if kinds in ({"moment"}, {"duration"}):
        missing = np.array("NaT", "M8[D]" if kinds == {"moment"} else "m8[D]")[()]
        convert = _as_moment if kinds == {"moment"} else _as_duration
        return np.array([missing if _is_none(value) else convert(value) for value in values])
    return text_cells([None if _is_none(value) else value for value in values])


def joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Columns of numbers or text one after another; numbers become text where some are text."""
    if len({part.dtype.kind == "O" for part in parts}) > 1:
        parts = [as_text(part) for part in parts]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool | np.bool_):
        return "boolean"
    if isinstance(value, np.timedelta64 | datetime.timedelta | datetime.time):
        return "duration"
    if isinstance(value, numbers.Real | decimal.Decimal):
        return "number"
    if isinstance(value, np.datetime64 | datetime.date):
        return "moment"
    for nested, name in _NESTED.items():
        if isinstance(value, nested):
            raise UnusableColumnError(f"holds {name}")
    if isinstance(value, np.ndarray):
        raise UnusableColumnError("holds arrays")
    if hasattr(value, "__len__") or isinstance(value, np.complexfloating):
        raise UnusableColumnError(f"holds {type(value).__name__}s")
    return "other"


def _is_none(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, float | np.floating | decimal.Decimal):
        return math.isnan(value)
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    return type(value).__name__ in _NONE_TYPES


def _numbers(values: Sequence[Any]) -> NDArray[Any]:
    """Numbers of which none is missing."""
    if all(isinstance(value, numbers.Integral) for value in values):
        try:
            return np.array(values, dtype=np.int64)
        except OverflowError:
            pass
    return np.array(list(map(_as_float, values)), dtype=np.float64)


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond the largest float
        return math.copysign(math.inf, value)


def _as_moment(value: Any) -> np.datetime64:
    """A date or a time, the latter in UTC where its zone is known."""
    if isinstance(value, np.datetime64):
        return value
    if hasattr(value, "to_datetime64"):  # pandas, to the nanosecond
        moment: np.datetime64 = value.to_datetime64()
        return moment
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.UTC).replace(tzinfo=None)
        return np.datetime64(value, "us")
    return np.datetime64(value, "D")


def _as_duration(value: Any) -> np.timedelta64:
    """A duration, or the time since midnight."""
    if isinstance(value, np.timedelta64):
        return value
    if hasattr(value, "to_timedelta64"):
        duration: np.timedelta64 = value.to_timedelta64()
        return duration
    if isinstance(value, datetime.time):
        value = datetime.timedelta(
            hours=value.hour,
            minutes=value.minute,
            seconds=value.second,
            microseconds=value.microsecond,
        )
    return np.timedelta64(value, "us")
