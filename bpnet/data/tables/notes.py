"""Findings about the columns of a table, to show the user."""

from __future__ import annotations

from collections.abc import Iterable

from ..._lib.wording import count, listing

__all__ = ["Notes"]

_MOST_SENTENCES = 5
_MOST_ITEMS = 10_000  # of a column that are kept; ten are shown


class Notes:
    """Findings about columns, reported one by one or, where many share one, in a single sentence.

    A table may come in parts: what is counted or collected is added up.
    """

    def __init__(self) -> None:
        self._found: dict[str, dict[str, str]] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._items: dict[tuple[str, str], set[str]] = {}

    def add(self, name: str, finding: str, shared: str) -> None:
        """Note a finding about a column.

        Parameters
        ----------
        name : str
            Of the column.
        finding : str
            The rest of a sentence about this column.
        shared : str
            The rest of a sentence about several columns.
        """
        self._found.setdefault(shared, {})[name] = finding

    def add_number(self, name: str, number: int, what: str, rest: str, shared: str) -> None:
        """Note how many of something a column has, as "has 3 gaps, ..."."""
        total = self._numbers.get((shared, name), 0) + number
        self._numbers[shared, name] = total
        self.add(name, f"has {count(total, what)}, {rest}", shared)

    def add_items(self, name: str, items: Iterable[str], finding: str, shared: str) -> None:
        """Note things that a column has, which are listed behind the finding."""
        known = self._items.setdefault((shared, name), set())
        if len(known) < _MOST_ITEMS:
            known.update(items)
            self.add(name, f"{finding}: {listing(sorted(known))}", shared)

    def sentences(self) -> tuple[str, ...]:
        """All findings, in the order in which the first of each kind was added."""
        told: list[str] = []
        for shared, found in self._found.items():
            if len(found) > _MOST_SENTENCES:
                told.append(f"{len(found)} columns {shared}: {listing(found)}")
            else:
                told += [f"column {name!r} {finding}" for name, finding in found.items()]
        return tuple(told)
