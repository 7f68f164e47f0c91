"""How people write true and false."""

from __future__ import annotations

__all__ = ["TRUE_AND_FALSE", "truth_of"]

TRUE_AND_FALSE = (
    ("true", "false"),
    ("t", "f"),
    ("yes", "no"),
    ("y", "n"),
    ("on", "off"),
    ("1", "0"),
)
"""Pairs of spellings, in lower case; true comes first."""

_TRUTH = {text: text == true for true, false in TRUE_AND_FALSE for text in (true, false)}


def truth_of(label: object) -> bool | None:
    """Whether a label says yes or no, in any spelling; None if it says neither.

    >>> truth_of("Yes"), truth_of(0), truth_of("maybe")
    (True, False, None)
    """
    return _TRUTH.get(str(label).casefold())
