"""Findings about the columns of a table, to show the user."""

from __future__ import annotations

from ..wording import listing

__all__ = ["Notes"]

_MOST_SENTENCES = 5


class Notes:
    """Findings about columns, told one by one or, where many share one, in a single sentence."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, str]] = {}

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

    def sentences(self) -> tuple[str, ...]:
        """All findings, in the order in which the first of each kind was added."""
        told: list[str] = []
        for shared, found in self._found.items():
            if len(found) > _MOST_SENTENCES:
                told.append(f"{len(found)} columns {shared}: {listing(found)}")
            else:
                told += [f"column {name!r} {finding}" for name, finding in found.items()]
        return tuple(told)
