"""Nested values with arrays in them, as named arrays and values that JSON knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._lib.wording import shown

__all__ = ["packed", "unpacked"]

Arrays = dict[str, np.ndarray[Any, Any]]


def packed(value: Any, name: str, arrays: Arrays) -> Any:
    """``value`` with a reference for each NumPy array in it, which goes to ``arrays``.

    Named tuples become dictionaries of their fields.
    """
    if isinstance(value, np.ndarray):
        arrays[name] = value
        return {"array": name}
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, tuple | list):
        inner = [packed(one, f"{name}.{k}", arrays) for k, one in enumerate(value)]
        return {"tuple": inner} if isinstance(value, tuple) else inner
    if isinstance(value, dict):
        return {"dict": {k: packed(one, f"{name}.{k}", arrays) for k, one in value.items()}}
    return value


def unpacked(value: Any, arrays: Mapping[str, np.ndarray[Any, Any]], name: str = "it") -> Any:
    """What `packed` was given; of a named tuple the dictionary.

    Raises
    ------
    TypeError, ValueError
        If `packed` gives no such value; the message names it, beginning with ``name``.
    """
    if isinstance(value, list):
        return [unpacked(one, arrays, f"{name}[{k}]") for k, one in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kind, inner = next(iter(value.items())) if len(value) == 1 else (None, None)
    if kind == "array" and isinstance(inner, str):
        if inner not in arrays:
            raise ValueError(f"{name} is the array {shown(inner)}, which is missing")
        return arrays[inner]
    if kind == "tuple" and isinstance(inner, list):
        return tuple(unpacked(one, arrays, f"{name}[{k}]") for k, one in enumerate(inner))
    if kind == "dict" and isinstance(inner, dict):
        return {k: unpacked(one, arrays, f"{name}.{k}") for k, one in inner.items()}
    raise TypeError(f"{name} must be an array, tuple or dict with its values, not {shown(value)}")
