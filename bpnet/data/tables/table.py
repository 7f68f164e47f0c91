"""A table in memory: columns by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from numpy.typing import NDArray

__all__ = ["Table", "check_column_names"]

Table: TypeAlias = dict[str, NDArray[Any]]


def check_column_names(path: Path, names: Sequence[str]) -> None:
    """Raise where two columns of a file have one name."""
    for position, name in enumerate(names):
        if (first := names.index(name)) < position:
            called = repr(name) if name else "nothing"
            raise ValueError(
                f"{path}: columns {first + 1} and {position + 1} are both called {called}"
            )
