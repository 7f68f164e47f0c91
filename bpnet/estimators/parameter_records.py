"""An estimator's parameters in values that JSON knows, and back, without pickle."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import activations, costs, optimizers, schedules
from .._lib.constraints import Each, Number, Text
from .._lib.records import Json, Record
from .._lib.registry import check_name
from .._lib.wording import shown
from ..activations import Activation
from ..costs import Cost
from ..training.lbfgs import LBFGS

__all__ = [
    "UnwritableError",
    "from_record",
    "labels_from",
    "labels_record",
    "number_from",
    "number_record",
    "to_record",
]

_LONGEST_TEXT = 2**16  # of an array: NumPy gives each entry the room of the longest
_REGISTRIES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "optimizer": {**optimizers.BUILT_IN, "lbfgs": LBFGS},
    "schedule": schedules.BUILT_IN,
}
_PYTHON = {"b": bool, "i": int, "u": int, "f": float, "U": str, "O": str}  # by NumPy's kinds
_NOT_FINITE = ("nan", "inf", "-inf")


class UnwritableError(TypeError):
    """A value is of a kind that a file cannot hold."""


def to_record(value: Any) -> Any:
    """A parameter's value as JSON has it; an object of one key where JSON has no such kind.

    Raises
    ------
    UnwritableError
        If it is, or contains, a function or an object that is not bpnet's own.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": number_record(value)}
    if isinstance(value, list):
        return [to_record(one) for one in value]
    if isinstance(value, tuple):
        return {"tuple": [to_record(one) for one in value]}
    if isinstance(value, dict):
        return {"dict": [[to_record(key), to_record(one)] for key, one in value.items()]}
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "biufU":
        return {"array": labels_record(value)}
    if isinstance(value, Activation):
        return {"activation": activations.to_dict(value)}
    if isinstance(value, Cost):
        return {"cost": costs.to_dict(value)}
    for what, registry in _REGISTRIES.items():
        for name, kind in registry.items():
            if type(value) is kind:
                settings = {field: to_record(getattr(value, field)) for field in value.fields}
                return {what: {"name": name, "settings": settings}}
    raise UnwritableError(f"{shown(value)} cannot be written to a file")


def from_record(name: str, record: Any, custom: dict[str, Any]) -> Any:
    """The value of a `to_record`.

    Parameters
    ----------
    name : str
        What messages call it.
    record : JSON value
    custom : dict
        The user's own activations and costs by name.

    Raises
    ------
    KeyError, TypeError, ValueError, OverflowError
        If `to_record` gives no such record.
    """
    if isinstance(record, list):
        return [from_record(f"{name}[{k}]", one, custom) for k, one in enumerate(record)]
    if not isinstance(record, dict):
        return record
    if len(record) != 1:
        raise ValueError(f"{name} must say what it is by one key, not {len(record)}")
    ((what, content),) = record.items()
    return _READERS[check_name(what, _READERS, f"kind of {name}")](name, content, custom)


def number_record(value: float) -> float | str:
    """A float as JSON has it, which knows no NaN and no infinity: those by name."""
    value = float(value)
    return value if math.isfinite(value) else str(value)


def number_from(name: str, record: Any) -> float:
    """The float of a `number_record`."""
    if isinstance(record, str):
        return float(check_name(record, _NOT_FINITE, name))
    found: float = Number()(name, record)
    return found


def labels_record(labels: np.ndarray[Any, Any]) -> dict[str, Any]:
    """A vector of labels or numbers as JSON has it."""
    values = [to_record(one) for one in labels.tolist()]
    return {"dtype": labels.dtype.str, "values": values}


def labels_from(name: str, record: Any) -> np.ndarray[Any, Any]:
    """The vector of a `labels_record`; errors as of `from_record`."""
    record = Record({"dtype": Text(), "values": Each(Json())})(name, record)
    values = _items(f"{name}.values", list(record["values"]), {})
    try:
        dtype = np.dtype(record["dtype"])
    except TypeError:
        dtype = np.dtype("V")
    own = _PYTHON.get(dtype.kind)
    if own is None or dtype.itemsize > _LONGEST_TEXT:
        raise ValueError(f"{name}.dtype is {shown(record['dtype'])}, no type of labels or numbers")
    for k, value in enumerate(values):
        if type(value) is not own:
            raise TypeError(f"{name}.values[{k}] is {shown(value)}, but the type is {dtype}")
    return np.array(values, dtype=dtype)


def _items(name: str, content: Any, custom: dict[str, Any]) -> list[Any]:
    if not isinstance(content, list):
        raise TypeError(f"{name} must have a list, not {shown(content)}")
    return [from_record(f"{name}[{k}]", one, custom) for k, one in enumerate(content)]


def _dictionary(name: str, content: Any, custom: dict[str, Any]) -> dict[Any, Any]:
    pairs = _items(name, content, custom)
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise ValueError(f"{name} must have pairs of a key and a value")
    return dict(pairs)


def _registered(what: str) -> Callable[[str, Any, dict[str, Any]], Any]:
    def read(name: str, content: Any, custom: dict[str, Any]) -> Any:
        record = Record({"name": Text(), "settings": Record({})})(name, content)
        kind = _REGISTRIES[what][check_name(record["name"], _REGISTRIES[what], what)]
        given = record["settings"].items()
        return kind(**{key: from_record(f"{name}.{key}", one, custom) for key, one in given})

    return read


_NAMED = Record({"name": Text()})
_READERS: dict[str, Callable[[str, Any, dict[str, Any]], Any]] = {
    "float": lambda name, content, custom: number_from(name, content),
    "tuple": lambda name, content, custom: tuple(_items(name, content, custom)),
    "dict": _dictionary,
    "array": lambda name, content, custom: labels_from(name, content),
    "activation": lambda name, content, custom: activations.from_dict(
        _NAMED(name, content), custom
    ),
    "cost": lambda name, content, custom: costs.from_dict(_NAMED(name, content), custom),
    **{what: _registered(what) for what in _REGISTRIES},
}
