"""What a mapping of values must be, as in the header of a file: constraints by key.

>>> from bpnet._lib.constraints import Integer, Text
>>> Record({"size": Integer(1), "name": Text()})("", {"size": 0, "name": "a"})
Traceback (most recent call last):
ValueError: size must be at least 1, not 0
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .constraints import Constraint
from .wording import shortened, shown

__all__ = ["Json", "MapOf", "Record"]

_DEEPEST = 100  # levels: to copy or write values that are deeper nested takes Python's whole stack


class Record(Constraint):
    """A mapping with certain keys, as a dictionary.

    Parameters
    ----------
    required : mapping of str to Constraint
    others : mapping of str to Constraint, optional
        Of keys that may be absent.
    optional : bool, optional

    Notes
    -----
    Keys that are not named are kept as they are.
    """

    def __init__(
        self,
        required: Mapping[str, Constraint],
        others: Mapping[str, Constraint] | None = None,
        *,
        optional: bool = False,
    ) -> None:
        super().__init__(optional=optional)
        self.required, self.others = dict(required), dict(others or {})

    def convert(self, name: str, value: Any) -> dict[str, Any]:
        found = _mapping(name, value)
        missing = [key for key in self.required if key not in found]
        if missing:
            raise ValueError(f"{_place(name, missing[0])} is missing")
        for key, constraint in (*self.required.items(), *self.others.items()):
            if key in found:
                found[key] = constraint(_place(name, key), found[key])
        return found


class MapOf(Constraint):
    """A mapping of strings to values that each meet a constraint, as a dictionary.

    Parameters
    ----------
    item : Constraint
    """

    def __init__(self, item: Constraint) -> None:
        super().__init__()
        self.item = item

    def convert(self, name: str, value: Any) -> dict[str, Any]:
        items = _mapping(name, value).items()
        return {key: self.item(_place(name, key), one) for key, one in items}


class Json(Constraint):
    """A value that JSON can say: null, boolean, finite number, text, list or object.

    Lists and objects are nested 100 deep at most.

    Parameters
    ----------
    finite : bool, optional
        Whether NaN and infinity are refused, which Python's JSON has beyond the standard.
    """

    def __init__(self, *, finite: bool = True) -> None:
        super().__init__(optional=True)
        self.finite = finite

    def convert(self, name: str, value: Any) -> Any:
        self._check(name, value, 0)
        return value

    def _check(self, name: str, value: Any, depth: int) -> None:
        if depth > _DEEPEST:
            whole = name.partition(".")[0].partition("[")[0]
            raise ValueError(f"{whole} is nested more than {_DEEPEST} levels deep")
        if isinstance(value, dict):
            for key, one in value.items():
                if not isinstance(key, str):
                    raise TypeError(f"{name} has the key {shown(key)}: JSON has only text as keys")
                _check_text(name, key)
                self._check(_place(name, key), one, depth + 1)
        elif isinstance(value, list | tuple):
            for k, one in enumerate(value):
                self._check(f"{name}[{k}]", one, depth + 1)
        elif isinstance(value, str):
            _check_text(name, value)
        elif isinstance(value, float):
            if self.finite and not math.isfinite(value):
                raise ValueError(f"{name} is {value}, which JSON cannot hold: use None or a number")
        elif not isinstance(value, int | None):
            raise TypeError(
                f"{name} must be None, True, False, a number, text, a list or a dictionary, not "
                f"{shown(value)}"
            )


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name or 'it'} must be a mapping of keys to values, not {shown(value)}")
    return dict(value)


def _place(name: str, key: str) -> str:
    key = shortened(key, 80)
    return f"{name}.{key}" if name else key


def _check_text(name: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} holds half a surrogate pair, which is not valid text") from None
