"""How a mini-batch is cut into parts, who computes which, and in which order they are added.

None of it depends on the number of ranks, but for who computes what. Parts are added in pairs, as
the leaves of a binary tree: each rank adds what it has of a subtree, and the rest is added in the
same order on every rank. So sums are rounded alike, however many ranks there are.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Container, Sequence
from typing import Any

__all__ = ["Span", "cut", "halves", "own_parts", "subtrees", "sum_of_parts"]

Span = tuple[int, int]
"""The parts from one number to before another: a node of the tree of additions."""


def cut(m: int, blocks: int) -> list[int]:
    """Where the parts of ``m`` samples begin, and the end of the last one; some may be empty.

    Examples
    --------
    >>> from bpnet.training.parallel.parts import cut
    >>> cut(10, 4), cut(3, 4)
    ([0, 2, 5, 7, 10], [0, 0, 1, 2, 3])
    """
    return [k * m // blocks for k in range(blocks + 1)]


def own_parts(blocks: int, rank: int, size: int) -> range:
    """The parts of a rank; none if there are fewer than ranks, and this one has to be idle.

    Examples
    --------
    >>> from bpnet.training.parallel.parts import own_parts
    >>> [list(own_parts(4, rank, 3)) for rank in range(3)]
    [[0], [1], [2, 3]]
    """
    return range(rank * blocks // size, (rank + 1) * blocks // size)


def halves(span: Span) -> tuple[Span, Span]:
    """The two nodes that are added to this one.

    Examples
    --------
    >>> from bpnet.training.parallel.parts import halves
    >>> halves((0, 3))
    ((0, 1), (1, 3))
    """
    low, high = span
    middle = (low + high) // 2
    return (low, middle), (middle, high)


def subtrees(parts: range, sizes: Sequence[int]) -> list[Span]:
    """The largest nodes that consist of these parts alone, without those that have no samples.

    Parameters
    ----------
    parts : range
    sizes : sequence of int
        Samples of each part of the mini-batch.

    Examples
    --------
    >>> from bpnet.training.parallel.parts import subtrees
    >>> subtrees(range(2, 8), [5] * 8)
    [(2, 4), (4, 8)]
    """

    def within(span: Span) -> list[Span]:
        low, high = span
        if high <= parts.start or parts.stop <= low or not any(sizes[low:high]):
            return []
        if parts.start <= low and high <= parts.stop:
            return [span]
        left, right = halves(span)
        return within(left) + within(right)

    return within((0, len(sizes)))


def sum_of_parts(
    span: Span,
    sizes: Sequence[int],
    value: Callable[[Span], Any],
    known: Container[Span] = (),
    add: Callable[[Any, Any], Any] = operator.add,
) -> Any:
    """The sum of a node's parts, but for those without samples.

    Parameters
    ----------
    span : (int, int)
        With samples.
    sizes : sequence of int
        Samples of each part.
    value : callable
        ``value(span)`` of a single part, and of each node that is known.
    known : container of (int, int), optional
    add : callable, optional
        Of two values; it may write to the first.

    Examples
    --------
    >>> from bpnet.training.parallel.parts import sum_of_parts
    >>> sum_of_parts((0, 4), [2, 2, 0, 1], lambda span: f"{span[0]} ")
    '0 1 3 '
    """
    if span in known or span[1] - span[0] == 1:
        return value(span)
    filled = [half for half in halves(span) if any(sizes[half[0] : half[1]])]
    left, *right = (sum_of_parts(half, sizes, value, known, add) for half in filled)
    return add(left, right[0]) if right else left
