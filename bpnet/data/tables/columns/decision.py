"""What a column of a table is taken for, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from ...._lib.wording import listing, shown
from ..stored_entries import read_entry

__all__ = ["Decision", "Kind", "read_decision"]

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

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "column": self.column,
            "kind": self.kind,
            "why": self.why,
            "change": self.change,
            "guess": self.guess,
        }


def read_decision(data: object, where: str) -> Decision:
    """The decision that a ``to_dict`` wrote, with everything about it checked."""
    keys = ("column", "kind", "why", "change")
    column, kind, why, change = (read_entry(data, key, str, where) for key in keys)
    if kind not in get_args(Kind):
        raise ValueError(
            f"{where}: 'kind' is {shown(kind)}, expected one of {listing(get_args(Kind))}"
        )
    guess = data.get("guess") if isinstance(data, Mapping) else None
    if not isinstance(guess, bool):
        raise ValueError(f"{where}: 'guess' is {shown(guess)}, expected true or false")
    return Decision(column, kind, why, change, guess)
