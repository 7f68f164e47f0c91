"""Counts and names in the sentences of messages."""

from __future__ import annotations

from collections.abc import Iterable

from .._lib.registry import closest, shown

__all__ = ["count", "listing", "no_such"]

_MOST_NAMES = 10
_MOST_COMPARED, _LONGEST_COMPARED = 1000, 100  # names; their comparison is slow


def count(n: int, what: str) -> str:
    """A number and a noun, as "1 row" or "2 rows"."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def listing(names: Iterable[object]) -> str:
    """Names in quotes, the first ten of many."""
    names = list(names)
    first = ", ".join(map(shown, names[:_MOST_NAMES]))
    return first if len(names) <= _MOST_NAMES else f"{first} and {len(names) - _MOST_NAMES} more"


def no_such(what: str, name: str, known: Iterable[str]) -> str:
    """Say that a name is unknown, which one was probably meant, and which exist."""
    known = list(known)
    few = [one for one in known[:_MOST_COMPARED] if len(one) < _LONGEST_COMPARED]
    meant = closest(name, few) if len(name) < _LONGEST_COMPARED else None
    hint = ";" if meant is None else f", did you mean {shown(meant)}?"
    return f"no {what} {shown(name)}{hint} there are {listing(known)}"
