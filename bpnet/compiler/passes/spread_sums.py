"""The sum of each row stands in every column, where it meets what has these columns."""

from __future__ import annotations

from ..ir import ELEMENTWISE, Graph, Node

__all__ = ["spread_sums"]


def spread_sums(graph: Graph, most: int) -> Graph:
    """Let the sum of each row stand in every column, where it is for what has these columns.

    It is a product with a square of ones then, and what follows has arrays of one shape, which a
    library can go through as through a vector.

    Parameters
    ----------
    graph : Graph
    most : int
        Columns for which the square is worth it.
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
