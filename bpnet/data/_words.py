"""How names and findings are put into sentences."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["Notes", "count", "listing", "no_such"]

_MOST_NAMES = 10
_MOST_SENTENCES = 5


def count(n: int, what: str) -> str:
    """How many, in words that fit."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def listing(names: Iterable[object]) -> str:
    """Names in quotes, the first ten of many."""
    quoted = [repr(name) for name in names]
    if len(quoted) <= _MOST_NAMES:
        return ", ".join(quoted)
    return f"{', '.join(quoted[:_MOST_NAMES])} and {len(quoted) - _MOST_NAMES} more"


def no_such(what: str, name: str, known: Iterable[str]) -> str:
    """Say that a name is unknown, which one may be meant, and which there are."""
    known = list(known)
    folded = {other.casefold(): other for other in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    hint = f", did you mean {folded[close[0]]!r}?" if close else ";"
    return f"no {what} {name!r}{hint} there are {listing(known)}"


class Notes:
    """Findings about columns, told one by one or, where many share one, in a single sentence."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, str]] = {}

    def add(self, name: str, finding: str, shared: str) -> None:
        """Note a finding on a column, and how to say it of many columns."""
        self._found.setdefault(shared, {})[name] = finding

    def sentences(self) -> tuple[str, ...]:
        """All findings, in the order in which the first of each kind came."""
        told: list[str] = []
        for shared, found in self._found.items():
            if len(found) > _MOST_SENTENCES:
                told.append(f"{len(found)} columns {shared}: {listing(found)}")
            else:
                told += [f"column {name!r} {finding}" for name, finding in found.items()]
        return tuple(told)
