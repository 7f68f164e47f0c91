"""The results that the book's programs left, as its repository has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .programs import MONITORED, Program
from .replay import Curves

__all__ = ["read_published"]


def read_published(program: Program, folder: Path) -> dict[str, Curves]:
    """The curves of a program's arms in ``NAME.json``.

    Parameters
    ----------
    program : Program
    folder : Path

    Returns
    -------
    dict of str to Curves
        By arm.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it does not hold the lists of numbers that the program wrote.
    """
    path = folder / f"{program.name}.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        arms = content.values() if isinstance(content, dict) else content
        if len(program.arms) == 1:
            arms = [content]
        return {
            arm.name: _curves(four, arm.monitored)
            for arm, four in zip(program.arms, arms, strict=True)
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: not what the book's program wrote: expected {len(program.arms)} times four "
            "lists of numbers"
        ) from error


def _curves(four: Any, names: tuple[str, ...]) -> Curves:
    lists = dict(zip(MONITORED, four, strict=True))
    return {name: [_number(value) for value in lists[name]] for name in names}


def _number(value: Any) -> float:
    if not isinstance(value, int | float):
        raise TypeError
    return value
