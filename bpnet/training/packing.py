"""Nested values with arrays in them, as named arrays and values that JSON knows."""

from __future__ import annotations

from typing import Any

import numpy as np

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


def unpacked(value: Any, arrays: Arrays) -> Any:
    """What `packed` was given; of a named tuple the dictionary."""
    if isinstance(value, list):
        return [unpacked(one, arrays) for one in value]
    if isinstance(value, dict):
        ((kind, inner),) = value.items()
        if kind == "array":
            return arrays[inner]
        if kind == "tuple":
            return tuple(unpacked(one, arrays) for one in inner)
        return {k: unpacked(one, arrays) for k, one in inner.items()}
    return value
