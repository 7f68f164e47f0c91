"""Fuse a product with the mask z > 0."""

from __future__ import annotations

from ..ir import Graph, Node

__all__ = ["gate"]


def gate(graph: Graph) -> Graph:
    """Fuse a product with the mask z > 0 into one operation, ``gate``."""
    uses = graph.uses()
    changes: dict[Node, Node] = {}
    for node in graph.nodes:
        if node.op != "multiply":
            continue
        for g, mask in (node.args, node.args[::-1]):
            if mask.op != "astype" or uses[mask] != [node] or mask in graph.results:
                continue
            (where,) = mask.args
            if where.op != "greater" or uses[where] != [mask]:
                continue
            z, bound = where.args
            is_zero = bound.op == "constant" and bound.option == 0.0
            if g.shape == z.shape == node.shape and is_zero:
                changes[node] = node.replaced(op="gate", args=(g, z))
                break
    return graph.rewritten(changes)
