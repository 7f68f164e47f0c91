"""Compute products and sums of bfloat16 directly in the larger type they are cast to."""

from __future__ import annotations

from ..ir import BFLOAT16, Graph, Node

__all__ = ["widen"]


def widen(graph: Graph) -> Graph:
    """Compute products and sums of bfloat16 directly in the larger type they are cast to.

    A concatenation that is cast is one of parts that are cast, and a product of matrices or a sum
    over samples that nothing else reads is computed in the larger type anyway.
    """
    uses = graph.uses()
    changes: dict[Node, Node] = {}
    for node in graph.nodes:
        if node.op != "astype" or node.args[0].op != "concat":
            continue
        (whole,), dtype = node.args, node.dtype
        if whole.dtype is not BFLOAT16 or len(uses[whole]) > 1 or whole in graph.outputs:
            continue
        parts = []
        for part in whole.args:
            maker = part.args[0] if part.op == "reshape" else part
            alone = uses[part] == [whole] and (maker is part or uses[maker] == [part])
            if alone and maker.op in ("matmul", "sum"):
                changes[maker] = maker.replaced(dtype=dtype)
                if part is not maker:
                    changes[part] = part.replaced(dtype=dtype)
                parts.append(part)
            else:
                parts.append(Node("astype", (part,), part.shape, dtype))
        changes[whole] = whole.replaced(args=tuple(parts), dtype=dtype)
        changes[node] = whole
    return graph.rewritten(changes)
