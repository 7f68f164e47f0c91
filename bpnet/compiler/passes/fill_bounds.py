"""Compare with zeros or ones in place of a number."""

from __future__ import annotations

from typing import Any

from ..ir import Graph, Node

__all__ = ["fill_bounds"]

_FILLED = {"0.0": "zeros", "1.0": "ones"}  # as text: zeros are no replacement for -0.0


def fill_bounds(graph: Graph, most: int) -> Graph:
    """Let ``maximum`` and ``minimum`` compare with zeros or ones in place of a number.

    For a library that vectorizes both for two arrays, but not for an array and a number.

    Parameters
    ----------
    graph : Graph
    most : int
        Entries of a result up to which the zeros are as many; beyond, they are a row of a matrix.
    """
    filled: dict[tuple[Any, ...], Node] = {}  # one for all bounds of a shape

    def bound(operand: Node, shape: tuple[int, ...], dtype: Any) -> Node:
        op = _FILLED.get(str(operand.option)) if operand.op == "constant" else None
        if op is None:
            return operand
        return filled.setdefault((op, shape, dtype), Node(op, (), shape, dtype))

    changes: dict[Node, Node] = {}
    for node in graph.nodes:
        if node.op in ("maximum", "minimum") and (node.ndim == 2 or node.size <= most):
            shape = node.shape if node.size <= most else node.shape[1:]
            args = tuple([bound(one, shape, node.dtype) for one in node.args])
            if args != node.args:
                changes[node] = node.replaced(args=args)
    return graph.rewritten(changes)
