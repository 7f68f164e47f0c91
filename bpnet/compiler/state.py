"""States of a step: nested tuples, named ones among them, whose leaves are arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["leaves_of", "map_leaves", "rebuild", "structure_of"]


def leaves_of(state: Any) -> list[Any]:
    """The arrays of a state, in order."""
    if isinstance(state, tuple):
        return [leaf for part in state for leaf in leaves_of(part)]
    return [state]


def map_leaves(function: Callable[[Any], Any], state: Any) -> Any:
    """A state of the same tuple types with every leaf replaced by the function's result."""
    if not isinstance(state, tuple):
        return function(state)
    parts = [map_leaves(function, part) for part in state]
    return tuple(parts) if type(state) is tuple else type(state)(*parts)


def rebuild(state: Any, leaves: Iterable[Any]) -> Any:
    """A state of the same tuple types with other leaves, given in order."""
    remaining = iter(leaves)
    return map_leaves(lambda _: next(remaining), state)


def structure_of(state: Any) -> Any:
    """The tuple types of a state, which two states of one kind have in common."""
    if isinstance(state, tuple):
        return (type(state), *map(structure_of, state))
    return None
