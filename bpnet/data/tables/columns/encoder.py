"""How one column of a table becomes columns of x."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ...._lib.wording import shown
from ..stored_entries import read_entry
from .boolean import Boolean
from .calendar import Calendar
from .categorical import Categorical
from .numeric import Number
from .standardized import Standardized

__all__ = ["Column", "read_column"]

Column: TypeAlias = Number | Categorical | Boolean | Calendar | Standardized

_KINDS: dict[str, Callable[[str, object, str], Any]] = {
    "number": Number.from_dict,
    "duration": Number.from_dict,
    "categorical": Categorical.from_dict,
    "boolean": Boolean.from_dict,
    "date": Calendar.from_dict,
    "numeric": Standardized.from_dict,
}


def read_column(data: object, where: str) -> Column:
    """The column that a ``to_dict`` wrote, with everything about it checked."""
    kind, name = read_entry(data, "kind", str, where), read_entry(data, "name", str, where)
    where = f"{where} ({shown(name)})"
    if kind not in _KINDS:
        known = ", ".join(map(repr, _KINDS))
        raise ValueError(f"{where}: 'kind' is {shown(kind)}, expected one of {known}")
    column: Column = _KINDS[kind](name, data, where)
    return column
