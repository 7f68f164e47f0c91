"""Fuse a sum with the number that multiplies one addend."""

from __future__ import annotations

from ..ir import Graph, Node, split_scaled
from ..scalars import depends_on_rates, scalar

__all__ = ["scale_addends"]


def scale_addends(graph: Graph, *, rates: bool, alike: bool = False) -> Graph:
    """Fuse ``x + c y`` and ``x - c y``, for a number c, into one operation, ``addscaled``.

    Its operands are x, y and c. Where y is a quotient ``a / b`` that nothing else reads, it is
    ``addquotient`` of x, a, b and c, unless `alike`.

    Parameters
    ----------
    graph : Graph
    rates : bool
        Whether c may be another number at each step.
    alike : bool, optional
        Whether x and y must be two arrays of one shape, as BLAS requires.
    """
    uses = graph.uses()

    def is_scaled(node: Node, by: Node) -> bool:
        scales = [one for one in node.args if one.is_scalar]
        known = rates or not any(map(depends_on_rates, scales))
        alone = uses[node] == [by] and node not in graph.results
        return node.op == "multiply" and bool(scales) and known and alone

    changes: dict[Node, Node] = {}
    for node in graph.nodes:
        if node.op not in ("add", "subtract"):
            continue
        x, scaled = node.args
        if node.op == "add" and not is_scaled(scaled, node):
            x, scaled = scaled, x
        if not is_scaled(scaled, node) or x.is_scalar:
            continue
        c, y = split_scaled(scaled)
        if alike and (x is y or y.is_scalar or not x.shape == y.shape == node.shape):
            continue
        if node.op == "subtract":
            c = scalar("negative", c, dtype=c.dtype)
        arrays = y.op == "divide" and not any(one.is_scalar for one in y.args)
        if not alike and arrays and uses[y] == [scaled] and y not in graph.results:
            changes[node] = node.replaced(op="addquotient", args=(x, *y.args, c))
        else:
            changes[node] = node.replaced(op="addscaled", args=(x, y, c))
    return graph.rewritten(changes)
