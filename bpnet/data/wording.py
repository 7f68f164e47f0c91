"""Counts and names in the sentences of messages."""

from __future__ import annotations

from collections.abc import Iterable

from .._lib.registry import closest

__all__ = ["count", "listing", "no_such"]

_MOST_NAMES = 10


def count(n: int, what: str) -> str:
    """A number and a noun, as "1 row" or "2 rows"."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def listing(names: Iterable[object]) -> str:
    """Names in quotes, the first ten of many."""
    quoted = [repr(name) for name in names]
    if len(quoted) <= _MOST_NAMES:
        return ", ".join(quoted)
    return f"{', '.join(quoted[:_MOST_NAMES])} and {len(quoted) - _MOST_NAMES} more"


def no_such(what: str, name: str, known: Iterable[str]) -> str:
    """Say that a name is unknown, which one was probably meant, and which exist."""
    known = list(known)
    meant = closest(name, known)
    hint = ";" if meant is None else f", did you mean {meant!r}?"
    return f"no {what} {name!r}{hint} there are {listing(known)}"
