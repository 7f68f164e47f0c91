"""What shapes a training, in values that JSON knows: a fit that resumes must have the same."""

from __future__ import annotations

import hashlib
import sys
import types
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .._lib.frozen import Frozen
from .callbacks.base import Callback

__all__ = [
    "first_difference",
    "functions_of",
    "in_words",
    "network_settings",
    "recorded",
    "with_settings",
]


def recorded(value: Any) -> Any:
    """An object by its class and values.

    Functions are told apart by their code, defaults and what they enclose, on the same version of
    Python; objects of other classes by their class.

    Examples
    --------
    >>> import bpnet
    >>> from bpnet.training.fit_identity import recorded
    >>> recorded(bpnet.SGD(bpnet.schedules.Constant(0.1)))
    {'class': 'SGD', 'learning_rate': {'class': 'Constant', 'learning_rate': 0.1}}
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray):
        return {"class": "array", "shape": list(value.shape), "digest": _digest(value.tobytes())}
    if isinstance(value, list | tuple):
        return [recorded(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): recorded(one) for key, one in value.items()}
    if isinstance(value, Frozen):
        fields = {name: recorded(getattr(value, name)) for name in value.fields}
        return {"class": type(value).__name__, **fields}
    if isinstance(value, types.FunctionType):
        cells = [recorded(cell.cell_contents) for cell in value.__closure__ or ()]
        enclosed = recorded(value.__defaults__), recorded(value.__kwdefaults__), cells
        digest = _digest(repr((_code(value.__code__), enclosed)).encode())
        python = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return {"class": value.__name__, "python": python, "digest": digest}
    return {"class": type(value).__qualname__}


def functions_of(value: Frozen) -> dict[str, Any]:
    """The fields that are functions, which files of models leave out."""
    named = {name: getattr(value, name) for name in value.fields}
    return {name: one for name, one in named.items() if callable(one)}


def network_settings(header: Mapping[str, Any]) -> dict[str, Any]:
    """What every checkpoint says of its network by value: activations, layers' options, cost."""
    options = header.get("layers", {})
    found = {f"activation of layer {l}": one for l, one in enumerate(header["activations"], 1)}
    for l in range(len(header["sizes"])):
        for name in ("dropout", "noise", "residual", "normalization"):
            found[f"{name} of layer {l}"] = options.get(str(l), {}).get(name)
    return {**found, "cost": header["cost"]}


def with_settings(callbacks: Iterable[Callback]) -> dict[str, Any]:
    """The settings of each callback that has some, by class and place."""
    found: dict[str, Any] = {}
    for one in callbacks:
        if settings := one.compared_settings():
            kind = type(one).__name__
            count = sum(name.partition(" ")[0] == kind for name in found)
            found[f"{kind} {count + 1}" if count else kind] = {"class": kind, **recorded(settings)}
    return found


def first_difference(
    theirs: Mapping[str, Any], mine: Mapping[str, Any]
) -> tuple[str, Any, Any] | None:
    """Name and both values of what differs first; what a file does not have is not compared."""
    for name, value in mine.items():
        if name in theirs and not _same(theirs[name], value):
            return name, theirs[name], value
    return None


def in_words(value: Any) -> str:
    """A record much as Python writes the object.

    Examples
    --------
    >>> from bpnet.training.fit_identity import in_words
    >>> in_words({"class": "Constant", "learning_rate": 0.1})
    'Constant(learning_rate=0.1)'
    """
    if isinstance(value, list | tuple):
        return f"[{', '.join(in_words(one) for one in value)}]"
    if not isinstance(value, dict):
        return repr(value)
    rest = {name: one for name, one in value.items() if name not in ("class", "name", "python")}
    inner = ", ".join(f"{name}={in_words(one)}" for name, one in rest.items())
    return f"{value.get('class', value.get('name', ''))}({inner})"


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        if one.get("python") != other.get("python"):  # whose code cannot be compared
            return bool(one.get("class") == other.get("class"))
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other or (one != one and other != other))


def _code(code: types.CodeType) -> list[Any]:
    constants = [
        _code(one) if isinstance(one, types.CodeType) else repr(one) for one in code.co_consts
    ]
    return [code.co_code.hex(), code.co_names, constants]


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()
