"""Decisions about the columns of a table, as a table of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ...._lib.wording import count, shortened
from .decision import Decision

__all__ = ["decisions_in_words"]

_MOST_ROWS = 40
_WIDEST = (30, 10, 60)  # characters
_HEADER = ("column", "taken for", "why", "to change it")


def decisions_in_words(decisions: Sequence[Decision], most: int = _MOST_ROWS) -> str:
    """Decisions as lines of text: column, what it is taken for, why, how to change it.

    Parameters
    ----------
    decisions : sequence of Decision
    most : int, optional
        Columns to show. Of more, guesses come first, then what is left out; the rest is counted.

    Returns
    -------
    str
        Without a newline at the end; empty without decisions.

    Examples
    --------
    >>> print(decisions_in_words([
    ...     Decision("age", "number", "whole numbers from 3 to 8", "--categorical age"),
    ...     Decision("id", "left out", "it counts the rows", "--numeric id"),
    ... ]))
    column  taken for  why                        to change it
    age     number     whole numbers from 3 to 8  --categorical age
    id      left out   it counts the rows         --numeric id
    """
    if not decisions:
        return ""
    urgent = sorted(decisions, key=lambda one: (not one.guess, one.kind != "left out"))
    kept = {id(decision) for decision in urgent[:most]}
    shown = [decision for decision in decisions if id(decision) in kept]
    rows = [_HEADER, *((one.column, one.kind, one.why, one.change) for one in shown)]
    widest = [max(len(row[k]) for row in rows) for k in range(3)]
    widths = [min(pair) for pair in zip(widest, _WIDEST, strict=True)]
    lines = []
    for *texts, change in rows:  # a command is not shortened, as it would not work
        cells = [
            shortened(" ".join(text.split()), width).ljust(width)
            for text, width in zip(texts, widths, strict=True)
        ]
        lines.append("  ".join([*cells, change]))
    rest = Counter(decision.kind for decision in decisions if id(decision) not in kept)
    if rest:
        kinds = ", ".join(f"{kind} {number}" for kind, number in rest.most_common())
        lines.append(f"and {count(rest.total(), 'more column')}: {kinds}")
    return "\n".join(line.rstrip() for line in lines)
