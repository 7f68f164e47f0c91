"""Fuse a matrix product and the row added to it."""

from __future__ import annotations

from ..ir import Graph, Node

__all__ = ["add_to_products"]


def add_to_products(graph: Graph) -> Graph:
    """Fuse a matrix product and the row added to it into one operation, ``affine``."""
    uses = graph.uses()
    changes: dict[Node, Node] = {}
    for node in graph.nodes:
        if node.op != "add":
            continue
        for product, row in (node.args, node.args[::-1]):
            alone = product.op == "matmul" and uses[product] == [node]
            if alone and row.shape == product.shape[1:] and product not in graph.results:
                changes[node] = node.replaced(op="affine", args=(row, *product.args))
                break
    return graph.rewritten(changes)
