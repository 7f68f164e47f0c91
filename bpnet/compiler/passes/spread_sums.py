"""Compute row sums as a product that repeats them in every column."""

from __future__ import annotations

from ..ir import ELEMENTWISE, Graph, Node

__all__ = ["spread_sums"]


def spread_sums(graph: Graph, most: int) -> Graph:
    """Compute row sums that meet full rows as a product that repeats them in every column.

    The product is with a square of ones. Operations that follow then have operands of one shape,
    which a library handles like vectors.

    Parameters
    ----------
    graph : Graph
    most : int
        Number of columns up to which the square pays.
    """
    uses = graph.uses()
    changes: dict[Node, Node] = {}
    for node in graph.nodes:
        if node.op != "sum" or node.option != (1, True) or node in graph.outputs:
            continue
        (x,) = node.args
        if x.shape[1] <= most and all(
            use.op in ELEMENTWISE and use.shape == x.shape for use in uses[node]
        ):
            square = Node("ones", (), (x.shape[1], x.shape[1]), x.dtype)
            changes[node] = Node("matmul", (x, square), x.shape, x.dtype)
    return graph.rewritten(changes)
