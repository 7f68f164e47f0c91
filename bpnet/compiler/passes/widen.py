"""Products and sums of bfloat16 that come in the larger type that they are cast to."""

from __future__ import annotations

from ..ir import BFLOAT16, Graph, Node

__all__ = ["widen"]


def widen(graph: Graph) -> Graph:
    """Let products and sums of bfloat16 come in the larger type that they are cast to.

    A concatenation that is cast is one of parts that are cast, and a product of matrices or a sum
    over samples that nothing else reads is computed in the larger type anyway.
    """
    uses = graph.uses()
    changes: dict[Node, Node] = {}
    for node in graph.nodes:
        if node.op != "astype" or node.args[0].op != "concat":
            continue
        (whole,) = node.args
        if whole.dtype is BFLOAT16 and len(uses[whole]) == 1 and whole not in graph.outputs:
            parts = tuple(_cast(part, whole, uses, node.dtype) for part in whole.args)
            changes[whole] = whole.replaced(args=parts, dtype=node.dtype)
            changes[node] = whole
    return graph.rewritten(changes)


def _cast(part: Node, whole: Node, uses: dict[Node, list[Node]], dtype: object) -> Node:
    """A part of a concatenation in another type."""
    maker = part.args[0] if part.op == "reshape" else part
    alone = uses[part] == [whole] and (maker is part or uses[maker] == [part])
    if not alone or maker.op not in ("matmul", "sum"):
        return Node("astype", (part,), part.shape, dtype)
    wide = maker.replaced(dtype=dtype)
    return wide if maker is part else part.replaced(args=(wide,), dtype=dtype)
