"""A table in memory: columns by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from numpy.typing import NDArray

from ..._lib.wording import shown

__all__ = ["Table", "check_column_names"]

Table: TypeAlias = dict[str, NDArray[Any]]


def check_column_names(path: Path, names: Sequence[str]) -> None:
    """Raise where two columns of a file have one name."""
    seen: dict[str, int] = {}
    for position, name in enumerate(names, 1):
        first = seen.setdefault(name, position)
        if first < position:
            called = shown(name) if name else "nothing"
            raise ValueError(f"{path}: columns {first} and {position} are both called {called}")
