"""Copy small transposed factors of products, so that their rows lie in one piece."""

from __future__ import annotations

from ..ir import Graph, Node

__all__ = ["straighten"]


def straighten(graph: Graph, rows: int, columns: range) -> Graph:
    """Copy the factor ``w.T`` of ``a @ w.T`` if ``w`` is small, so that its rows lie in one piece.

    For a library that multiplies by transposed narrow matrices much more slowly than by others.

    Parameters
    ----------
    graph : Graph
    rows : int
        From which number of rows of the product the copy pays.
    columns : range
        For which numbers of columns of the product it does.
    """
    changes: dict[Node, Node] = {}
    for node in graph.nodes:
        if node.op != "matmul" or node.shape[0] < rows or node.shape[1] not in columns:
            continue
        left, right = node.args
        if right.op == "transpose":
            copy = Node("astype", (right,), right.shape, right.dtype)
            changes[node] = node.replaced(args=(left, copy))
    return graph.rewritten(changes)
