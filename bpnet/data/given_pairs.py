"""Samples and targets that do not go together because of how they were given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

__all__ = ["refuse_without_targets", "swapped"]


def refuse_without_targets(x: Any, names: tuple[str, str] = ("x", "y")) -> NoReturn:
    """Say how targets are given, when samples came alone.

    Raises
    ------
    TypeError
    """
    x_name, y_name = names
    missing = f"{y_name} is missing: each sample in {x_name} needs a target"
    if isinstance(x, Iterator):
        raise TypeError(
            f"{x_name} is a {type(x).__name__}, an iterator, and {y_name} is missing: give samples "
            f"and targets as two arrays; x, y = zip(*pairs) takes pairs apart, and "
            "bpnet.data.IterableSource(make, samples) reads what is larger than memory"
        )
    if isinstance(x, tuple) and len(x) == 2:
        raise TypeError(f"{missing}; a pair is given as two arguments, x and y")
    if isinstance(x, list | tuple) and all(
        isinstance(one, tuple | list) and len(one) == 2 for one in x
    ):
        raise TypeError(
            f"{missing}; of a list of pairs, x, y = zip(*pairs) makes both, and fit also takes "
            "bpnet.data.source(pairs)"
        )
    if isinstance(x, dict) or hasattr(x, "columns"):
        raise TypeError(f"{missing}; of a table, give the target's column as {y_name}")
    raise TypeError(f"{missing}, an array of {y_name} with as many rows")


def swapped(x: Any, y: Any, inputs: int, outputs: int) -> bool:
    """Whether x has the shape of targets and y that of samples.

    Parameters
    ----------
    x, y : object
        As the user gave them.
    inputs, outputs : int
        Of the network.
    """
    x, y = _shape(x), _shape(y)
    if x is None or y is None or len(y) != 2 or not x or x[0] != y[0]:
        return False
    fits_targets = len(x) == 1 or (len(x) == 2 and x[1] in (1, outputs))
    return y[1] == inputs and fits_targets and (len(x) == 1 or x[1] != inputs)


def _shape(array: Any) -> tuple[int, ...] | None:
    if isinstance(array, list | tuple):
        row = array[0] if array else None
        return (len(array), len(row)) if isinstance(row, list | tuple) else (len(array),)
    shape = getattr(array, "shape", None)
    return None if shape is None else tuple(shape)
