"""Which of many fits one is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from .._lib.constraints import Integer
from .._lib.wording import described

__all__ = ["Which", "as_seeds"]


class Which(NamedTuple):
    """Which of many fits one is.

    Parameters
    ----------
    seed : int
    fold : int or None
        From 0 on; None without folds.

    Examples
    --------
    >>> which = Which(3, 1)
    >>> print(which)
    seed 3, fold 1
    >>> which.name
    'seed-3-fold-1'
    """

    seed: int
    fold: int | None = None

    def __str__(self) -> str:
        return f"seed {self.seed}" + ("" if self.fold is None else f", fold {self.fold}")

    @property
    def name(self) -> str:
        """For names of files."""
        return str(self).replace(", ", "-").replace(" ", "-")


def as_seeds(given: int | Iterable[int]) -> list[int]:
    """Seeds, each once; of a number, as many from 0 on.

    Raises
    ------
    ValueError, TypeError
        If there is none, one twice, or one that is no seed.

    Examples
    --------
    >>> as_seeds(3)
    [0, 1, 2]
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        if given is None or isinstance(given, str):
            raise TypeError(f"seeds must be integers, as range(5), not {described(given)}")
        return list(range(Integer(1)("seeds", given)))
    found: list[Any] = [Integer(0)(f"seeds[{k}]", one) for k, one in enumerate(given)]
    if not found:
        raise ValueError("seeds is empty: give one seed at least, as range(5)")
    for k, one in enumerate(found):
        if one in found[:k]:
            raise ValueError(f"seeds holds {one} twice: its fits would be the same")
    return found
