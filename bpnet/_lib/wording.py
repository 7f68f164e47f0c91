"""Values, counts and names in the sentences of messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["count", "described", "in_code", "listing", "shortened", "shown"]

_LONGEST, _LONGEST_STRING = 400, 80
_MOST_NAMES = 10


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Text of at most that many characters: its middle is left out if it is longer.

    >>> shortened("abcdefghijklmnopqrstuvwxyz", 13)
    'abcde...vwxyz'
    """
    if len(text) <= longest:
        return text
    kept = longest - 3
    return f"{text[: kept - kept // 2]}...{text[len(text) - kept // 2 :]}"


def shown(value: Any) -> str:
    """``repr(value)`` for a message, shortened if it is long.

    >>> shown(3), shown("a" * 1000)
    ('3', "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'")
    """
    import reprlib  # not needed by `import bpnet`

    short = reprlib.Repr()
    short.maxstring = short.maxlong = _LONGEST_STRING
    short.maxother = _LONGEST
    try:
        return shortened(short.repr(value))
    except ValueError:  # of more digits than Python converts, before version 3.12
        return f"one {type(value).__name__} too long to show"


def described(value: Any) -> str:
    """The same; of an array its shape.

    >>> import numpy as np
    >>> described("a"), described(np.zeros((2, 3)))
    ("'a'", 'an array of shape (2, 3)')
    """
    shape: Any = getattr(value, "shape", ())
    return f"an array of shape {tuple(shape)}" if shape else shown(value)


def in_code(name: str) -> str:
    """What the user's code may call an argument.

    >>> in_code("validation y")
    'y'
    """
    return name.split()[-1]


def count(n: int, what: str) -> str:
    """A number and a noun, as "1 row" or "2 rows"."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def listing(names: Iterable[object]) -> str:
    """Names in quotes, the first ten of many."""
    names = list(names)
    first = ", ".join(map(shown, names[:_MOST_NAMES]))
    return first if len(names) <= _MOST_NAMES else f"{first} and {len(names) - _MOST_NAMES} more"
