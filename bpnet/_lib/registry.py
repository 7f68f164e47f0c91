"""Objects that users may name: found by name, written to files as name and parameters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from .wording import described, listing, shown

__all__ = ["canonical", "check_name", "closest", "lookup", "made", "no_such", "to_record"]

T = TypeVar("T")

_NO_ALIASES: Mapping[str, str] = {}
_MOST_COMPARED, _LONGEST_COMPARED = 1000, 100
_SEPARATORS = str.maketrans("", "", "-_ ")


def closest(name: str, names: Iterable[str]) -> str | None:
    """The one of ``names`` that was probably meant, in whatever case; None if none is close.

    Long names, and those after the first thousand, are not compared: it is slow.

    >>> closest("Sigmoidd", ["tanh", "sigmoid"])
    'sigmoid'
    """
    import difflib

    if len(str(name)) >= _LONGEST_COMPARED:
        return None
    first = itertools.islice(names, _MOST_COMPARED)
    folded = {other.casefold(): other for other in first if len(other) < _LONGEST_COMPARED}
    close = difflib.get_close_matches(str(name).casefold(), folded, 1)
    return folded[close[0]] if close else None


def check_name(name: str, names: Collection[str], what: str) -> str:
    """``name``, which must be one of ``names``; the error suggests the one that was meant.

    >>> check_name("adma", ["sgd", "adam"], "optimizer")
    Traceback (most recent call last):
    ValueError: unknown optimizer 'adma': did you mean 'adam'?
    """
    if isinstance(name, str) and name in names:  # an array compares entry by entry
        return name
    meant = closest(name, names)
    hint = f"known are {', '.join(names)}" if meant is None else f"did you mean {meant!r}?"
    raise ValueError(f"unknown {what} {shown(name)}: {hint}")


def no_such(what: str, name: str, known: Iterable[str]) -> str:
    """Say that a name is unknown, which one was probably meant, and which exist.

    >>> no_such("column", "aeg", ["age", "name"])
    "no column 'aeg', did you mean 'age'? there are 'age', 'name'"
    """
    known = list(known)
    meant = closest(name, known)
    hint = ";" if meant is None else f", did you mean {meant!r}?"
    return f"no {what} {shown(name)}{hint} there are {listing(known)}"


def canonical(name: str, names: Collection[str], aliases: Mapping[str, str], what: str) -> str:
    """The one of ``names`` that is meant by a name or an alias; errors as of `check_name`.

    Case, hyphens, blanks and underscores do not matter.

    >>> canonical("Leaky-ReLU", ["relu", "leaky_relu"], {}, "activation")
    'leaky_relu'
    >>> canonical("MSE", ["quadratic"], {"mse": "quadratic"}, "cost")
    'quadratic'
    """
    if name in names:
        return name
    known = {_squeezed(one): one for one in names}
    known |= {_squeezed(alias): one for alias, one in aliases.items()}
    found = known.get(_squeezed(name))
    return check_name(name, names, what) if found is None else found


def _squeezed(name: str) -> str:
    return name.casefold().translate(_SEPARATORS)


def lookup(
    chosen: Any,
    table: Mapping[str, Callable[[], T]],
    kind: type[T],
    what: str,
    aliases: Mapping[str, str] = _NO_ALIASES,
) -> T:
    """The object called ``chosen``, or ``chosen`` itself if it is of that kind.

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is neither, or a class that needs arguments.
    """
    if isinstance(chosen, kind):
        return chosen
    if isinstance(chosen, type) and issubclass(chosen, kind):
        return made(chosen, what)
    if not isinstance(chosen, str):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise TypeError(
            f"{what} must be a name or {article} {kind.__name__}, not {described(chosen)}"
        )
    return table[canonical(chosen, table, aliases, what)]()


def made(kind: Callable[[], T], what: str) -> T:
    """An object of a class that was given in place of one, if it can do without arguments."""
    try:
        return kind()
    except TypeError as error:
        name = getattr(kind, "__name__", repr(kind))
        raise TypeError(
            f"{what} is the class {name}, which needs arguments: {name}(...) makes one ({error})"
        ) from error


def to_record(chosen: Any) -> dict[str, Any]:
    """Name and parameters of such an object, for a file; functions are left out."""
    record: dict[str, Any] = {"name": chosen.name}
    for field in chosen.fields:
        value = getattr(chosen, field)
        if not callable(value) and field not in ("name", "range", "kinks", "partner"):
            record[field] = value
    return record
