"""Rewrite a graph once for all runs of the process: the next fit of an equal network finds it.

What is kept is plain data, a few kilobytes each, and no array.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from .ir import Graph, Node, Pass

__all__ = ["identity_of", "rewritten"]

MOST = 64
"""Number of graphs that are kept."""


def rewritten(
    graph: Graph, passes: Iterable[Pass], rewrite: Callable[[Graph, tuple[Pass, ...]], Graph]
) -> Graph:
    """``rewrite(graph, passes)``, or what that was for an equal graph and equal passes.

    Parameters
    ----------
    graph : Graph
    passes : iterable of callable
        Pure functions, or `functools.partial` of such.
    rewrite : callable
    """
    request = _Request(graph, tuple(passes))
    try:
        hash(request)
    except TypeError:  # a pass whose options cannot be compared
        return _apply(request, rewrite)
    return _kept(request, rewrite)


class _Request:
    """A graph and passes, equal where both are."""

    __slots__ = ("graph", "key", "passes")

    def __init__(self, graph: Graph, passes: tuple[Pass, ...]) -> None:
        self.graph, self.passes = graph, passes
        self.key = identity_of(graph), tuple(map(_identity_of_pass, passes))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Request) and self.key == other.key


def _apply(request: _Request, rewrite: Callable[[Graph, tuple[Pass, ...]], Graph]) -> Graph:
    return rewrite(request.graph, request.passes)


_kept = functools.lru_cache(MOST)(_apply)


def identity_of(graph: Graph) -> Hashable:
    """What two graphs of the same operations have in common."""
    place = {node: k for k, node in enumerate(graph.nodes)}

    def places(nodes: Iterable[Node]) -> tuple[int, ...]:
        return tuple([place[one] for one in nodes])

    nodes = tuple(
        [
            # Numbers as text: 0.0 and -0.0 differ, and NaN is itself. Slices have no hash.
            (one.op, places(one.args), one.shape, one.dtype, repr(one.option))
            for one in graph.nodes
        ]
    )
    return nodes, places(graph.inputs), places(graph.outputs)


def _identity_of_pass(one: Any) -> Hashable:
    if isinstance(one, functools.partial):
        return one.func, one.args, tuple(sorted(one.keywords.items()))
    found: Hashable = one
    return found
