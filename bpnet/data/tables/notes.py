"""Findings about the columns of a table, to show the user."""

from __future__ import annotations

from collections.abc import Iterable

from ..._lib.wording import count, listing, shown

__all__ = ["Notes"]

_MOST_SENTENCES = 2
_MOST_ITEMS = 10_000  # of a column that are kept; ten are shown


class Notes:
    """Findings about columns, reported one by one or, where many share one, in a single sentence.

    A table may come in parts: what is counted or collected is added up.
    """

    def __init__(self) -> None:
        self._found: dict[str, dict[str, str]] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._items: dict[tuple[str, str], set[str]] = {}
        self._together: set[str] = set()
        self._known: dict[str, tuple[int, int, str]] = {}

    def add(self, name: str, finding: str, shared: str, *, together: bool = False) -> None:
        """Note a finding about a column.

        Parameters
        ----------
        name : str
            Of the column.
        finding : str
            The rest of a sentence about this column.
        shared : str
            The rest of a sentence about several columns.
        together : bool, optional
            Whether two columns already share the sentence, instead of three or more.
        """
        if together:
            self._together.add(shared)
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

    def count_known(self, name: str, known: int, unknown: int, expected: str) -> None:
        """Count the values of a column that a model knows, and those that it does not."""
        known_before, unknown_before, _ = self._known.get(name, (0, 0, ""))
        self._known[name] = known_before + known, unknown_before + unknown, expected

    def refuse_unknown(self) -> None:
        """Raise if a model knows none of the values of a column; a single value may be a new one.

        Raises
        ------
        ValueError
            The message gives values of the column and values that the model knows.
        """
        for name, (known, unknown, expected) in self._known.items():
            if known == 0 and unknown > 1:
                items = {x for (_, of), found in self._items.items() if of == name for x in found}
                raise ValueError(
                    f"column {name!r}: none of its {unknown} values, such as "
                    f"{shown(min(items))}, is one that the model knows: {expected}; to predict "
                    "without this column, leave its cells empty"
                )

    def sentences(self) -> tuple[str, ...]:
        """All findings, in the order in which the first of each kind was added."""
        told: list[str] = []
        for shared, found in self._found.items():
            if len(found) > (1 if shared in self._together else _MOST_SENTENCES):
                told.append(f"{len(found)} columns {shared}: {listing(found)}")
            else:
                told += [f"column {name!r} {finding}" for name, finding in found.items()]
        return tuple(told)
