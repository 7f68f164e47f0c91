"""Objects that users may name: found by name, written to files as name and parameters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

__all__ = ["check_name", "closest", "lookup", "shown", "to_record"]

T = TypeVar("T")


def closest(name: str, names: Iterable[str]) -> str | None:
    """The one of ``names`` that was probably meant, in whatever case; None if none is close.

    >>> closest("Sigmoidd", ["tanh", "sigmoid"])
    'sigmoid'
    """
    import difflib

    folded = {other.casefold(): other for other in names}
    close = difflib.get_close_matches(str(name).casefold(), folded, 1)
    return folded[close[0]] if close else None


def check_name(name: str, names: Collection[str], what: str) -> str:
    """``name``, which must be one of ``names``; the error suggests the one that was meant.

    >>> check_name("adma", ["sgd", "adam"], "optimizer")
    Traceback (most recent call last):
    ValueError: unknown optimizer 'adma': did you mean 'adam'?
    """
    if name in names:
        return name
    meant = closest(name, names) if len(str(name)) < 100 else None
    hint = f"known are {', '.join(names)}" if meant is None else f"did you mean {meant!r}?"
    raise ValueError(f"unknown {what} {shown(name)}: {hint}")


def shown(value: Any) -> str:
    """``repr(value)`` for a message, shortened if it is long.

    >>> shown(3), shown("a" * 1000)
    ('3', "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'")
    """
    import reprlib  # not needed by `import bpnet`

    short = reprlib.Repr()
    short.maxstring = short.maxlong = 80
    short.maxother = 400
    text = short.repr(value)
    return text if len(text) <= 400 else f"{text[:397]}..."


def lookup(chosen: Any, table: Mapping[str, Callable[[], T]], kind: type[T], what: str) -> T:
    """The object called ``chosen``, or ``chosen`` itself if it is of that kind."""
    if isinstance(chosen, kind):
        return chosen
    if isinstance(chosen, type) and issubclass(chosen, kind):
        return chosen()
    if not isinstance(chosen, str):
        raise TypeError(f"{what} must be a name or a {kind.__name__}, not {chosen!r}")
    return table[check_name(chosen, table, what)]()


def to_record(chosen: Any) -> dict[str, Any]:
    """Name and parameters of such an object, for a file; functions are left out."""
    record: dict[str, Any] = {"name": chosen.name}
    for field in chosen.fields:
        value = getattr(chosen, field)
        if not callable(value) and field not in ("name", "range", "kinks", "partner"):
            record[field] = value
    return record
