"""What is found out about one feature column before anything is learnt from it."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .cells import Labels, find_labels
from .date_spelling import DateSpelling
from .decision import Decision, Kind
from .number_spelling import NumberSpelling
from .options import ColumnOptions

__all__ = ["Categories", "Finding", "Seen", "left_out", "option"]


@dataclass(frozen=True)
class Categories:
    """The labels with a feature of their own, and whether there are others."""

    labels: tuple[str | None, ...]
    other: bool


Reading: TypeAlias = NumberSpelling | DateSpelling | Categories | Literal["duration"] | None


@dataclass(frozen=True)
class Finding:
    """A decision, and what encodes the column.

    Attributes
    ----------
    decision : Decision
    reading : NumberSpelling, DateSpelling, Categories, "duration" or None
        How its cells become values.
    marks : tuple of str
        Texts that count as missing.
    told : str
        The rest of a note that begins with the column; empty where nothing needs to be told.
    shared : str
        The same of several columns.
    together : bool
        Whether two columns already share a sentence.
    """

    decision: Decision
    reading: Reading = None
    marks: tuple[str, ...] = ()
    told: str = ""
    shared: str = ""
    together: bool = False


@dataclass(frozen=True)
class Seen:
    """One column, and what is asked of it.

    Attributes
    ----------
    name : str
    values : array, shape (m,)
    rows : array of int
        The training rows.
    options : ColumnOptions
    place : callable
        Where a row is found by people.
    """

    name: str
    values: NDArray[Any]
    rows: NDArray[np.int64]
    options: ColumnOptions
    place: Callable[[int], str]

    @functools.cached_property
    def labels(self) -> Labels:
        """The different texts."""
        return find_labels(self.values)

    @functools.cached_property
    def counts(self) -> dict[str, int]:
        """How many of all rows have each text; missing ones are left out."""
        counts = self.labels.counts()
        return {text: number for text, number in counts.items() if text is not None}

    def where(self, text: str) -> str:
        """The place of the first cell with this text."""
        return self.place(self.labels.first_row(text))


def option(flag: str, name: str) -> str:
    """A flag of the command line with a column, in quotes where the shell needs them."""
    return f"--{flag} {shlex.quote(name)}"


def left_out(name: str, why: str, shared: str, change: str = "") -> Finding:
    """A column that is not used, and a note of it."""
    kind: Kind = "left out"
    told = f"is left out: {why}" + (f"; {change} uses it" if change else "")
    return Finding(Decision(name, kind, why, change), told=told, shared=f"are left out: {shared}")
