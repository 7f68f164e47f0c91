"""The arguments of the book's ``SGD``, checked before anything changes."""

from __future__ import annotations

from typing import Any

from ..._lib.constraints import Integer, Number

__all__ = ["checked_epochs", "checked_number", "checked_size"]


def checked_epochs(epochs: Any) -> int:
    """A number of epochs; in Python 3 a quotient, such as ``1500000 / n``, is a float."""
    if isinstance(epochs, float) and epochs.is_integer():
        return int(epochs)
    found: int = Integer(0)("epochs", epochs)
    return found


def checked_size(size: Any) -> int:
    """A number of samples in a mini-batch."""
    found: int = Integer(1)("mini_batch_size", size)
    return found


def checked_number(name: str, value: Any) -> float:
    """A finite number."""
    found: float = Number()(name, value)
    return found
