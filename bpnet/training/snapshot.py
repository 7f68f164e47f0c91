"""Where a fit stands, in NumPy arrays and what JSON can say."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Snapshot", "packed", "unpacked"]


class Snapshot(NamedTuple):
    """All that a fit needs to go on from where it was taken, to the same bits.

    Parameters
    ----------
    arrays : dict of str to numpy.ndarray
    header : dict
        Anything that JSON can say.
    """

    arrays: dict[str, np.ndarray[Any, Any]]
    header: dict[str, Any]


def packed(value: Any, name: str, arrays: dict[str, np.ndarray[Any, Any]]) -> Any:
    """``value`` with a reference for each NumPy array in it, which goes to ``arrays``."""
    if isinstance(value, np.ndarray):
        arrays[name] = value
        return {"array": name}
    if isinstance(value, tuple | list):
        inner = [packed(one, f"{name}.{k}", arrays) for k, one in enumerate(value)]
        return {"tuple": inner} if isinstance(value, tuple) else inner
    if isinstance(value, dict):
        return {"dict": {k: packed(one, f"{name}.{k}", arrays) for k, one in value.items()}}
    return value


def unpacked(value: Any, arrays: dict[str, np.ndarray[Any, Any]]) -> Any:
    """What `packed` was given."""
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
