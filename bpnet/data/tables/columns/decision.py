"""What a column of a table is taken for, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Decision", "Kind"]

Kind: TypeAlias = Literal["number", "category", "boolean", "date", "duration", "left out"]


@dataclass(frozen=True)
class Decision:
    """What a column is taken for.

    Attributes
    ----------
    column : str
    kind : {"number", "category", "boolean", "date", "duration", "left out"}
    why : str
        In words that go on from its name and kind.
    change : str
        The option of the command line that decides otherwise; empty where there is none.
    guess : bool
        Whether it may well be wrong, so that the user is told without asking.
    """

    column: str
    kind: Kind
    why: str
    change: str = ""
    guess: bool = False
