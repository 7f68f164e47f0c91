"""Samples that come one after the other."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from typing import Any

from ..._lib.constraints import Integer
from ..._lib.prefetch import check_wanted
from .base import Rows, Source
from .stacking import stack_samples

__all__ = ["IterableSource"]


class IterableSource(Source):
    """Samples of a Python iterable, which is made anew for every epoch.

    They are taken in the order in which they come, and mixed within the buffer alone. A run that
    goes on in the midst of an epoch passes over what came before; so the same samples must come
    again for it to go on as it would have.

    Parameters
    ----------
    make : callable
        ``make()`` is an iterable of pairs (x, y): a sample, laid flat, and its target, a number or
        a row of them. It is called, and asked, in a thread other than the one that trains.
    samples : int
        How many make an epoch. If there are more, a warning says that they are not used.
    name : str, optional
        What messages call it.

    Raises
    ------
    TypeError
        If ``make`` cannot be called, as an iterable that is used up after one epoch.
    ValueError
        If ``samples`` is not positive.

    Examples
    --------
    >>> from bpnet.data import IterableSource
    >>> rows = IterableSource(lambda: (([k, 2 * k], k) for k in range(5)), samples=5)
    >>> rows.read(0, 2)[0].tolist(), rows.read(2, 4)[1].tolist()
    ([[0, 0], [1, 2]], [2, 3])
    """

    sequential = True

    def __init__(
        self, make: Callable[[], Iterable[Any]], samples: int, name: str | None = None
    ) -> None:
        if not callable(make):
            raise TypeError(
                f"make must be a function that returns an iterable, not {type(make).__name__}: "
                "it is called for every epoch"
            )
        self.name = name or str(getattr(make, "__name__", type(make).__name__))
        self._make = make
        self._samples: int = Integer(1)("samples", samples)
        self._items: Iterator[Any] | None = None
        self._next = 0
        self._told = False

    def __len__(self) -> int:
        return self._samples

    def read(self, start: int, stop: int) -> Rows:
        if start == 0 or start < self._next or self._items is None:
            self.close()
            self._items, self._next = iter(self._make()), 0
        for _ in self._come(self._items, start):
            pass
        rows = stack_samples(self._come(self._items, stop), start, self)
        if self._next == self._samples:
            self._tell_of_more(self._items)
            self.close()
        return rows

    def _tell_of_more(self, items: Iterator[Any]) -> None:
        """Warn, once, if there are more samples than promised."""
        nothing = object()
        if not self._told and next(items, nothing) is not nothing:
            self._told = True
            warnings.warn(
                f"{self.name} has more than the {self._samples} samples promised; the others are "
                f"not used: samples=... says how many there are, itertools.islice(..., "
                f"{self._samples}) leaves them out",
                stacklevel=2,
            )

    def close(self) -> None:
        items, self._items = self._items, None
        if isinstance(items, Generator):
            items.close()

    def _come(self, items: Iterator[Any], stop: int) -> Iterator[Any]:
        """What comes up to before the sample ``stop``."""
        try:
            for item in islice(items, stop - self._next):
                self._next += 1
                yield item
                check_wanted()
        except Exception as error:
            self._items = None
            error.add_note(f"while reading {self.place(self._next)}")
            raise
        if self._next < stop:
            self._items = None
            raise ValueError(
                f"{self.name} ended after {self._next} samples, {self._samples} were promised"
            )
