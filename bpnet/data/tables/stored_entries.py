"""Entries of a stored preprocessing, checked as they are read."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..._lib.wording import shown

__all__ = ["read_entry", "read_standard"]

_LARGEST = sys.float_info.max


def read_entry(data: object, key: str, kind: type | tuple[type, ...], where: str) -> Any:
    """``data[key]``, which is there and of the right kind."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{where} is {shown(data)}, expected a dictionary")
    if key not in data:
        raise ValueError(f"{where}: key {key!r} is missing")
    value = data[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        expected = " or ".join(one.__name__ for one in kinds)
        raise ValueError(f"{where}: {key!r} is {shown(value)}, expected {expected}")
    return value


def read_standard(data: object, mean: str, scale: str, where: str) -> tuple[float, float]:
    """A mean and a scale, stored under these keys, that can standardize."""
    shift, width = (read_entry(data, key, (int, float), where) for key in (mean, scale))
    if not (-_LARGEST <= shift <= _LARGEST and 0 < width <= _LARGEST):
        raise ValueError(
            f"{where}: {mean!r} {shown(shift)} and {scale!r} {shown(width)} cannot standardize"
        )
    return float(shift), float(width)
