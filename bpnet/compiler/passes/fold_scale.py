"""Move a number that multiplies the whole gradient to where the gradient begins."""

from __future__ import annotations

import heapq

from ..ir import LEAVES, VIEWS, Graph, Node, root_of, split_scaled
from ..scalars import scalar

__all__ = ["fold_scale"]


def fold_scale(graph: Graph) -> Graph:
    """Move a number that multiplies the whole gradient to where the gradient begins.

    Backpropagation is linear in delta^L: where ``s * G`` is the only use of a vector G that is
    linear in a small matrix D, and nothing else reads what lies between them, D is multiplied
    instead, a pass over some hundred elements in place of one over all parameters.
    """
    while (changes := _first_change(graph)) is not None:
        graph = graph.rewritten(changes)
    return graph


def _first_change(graph: Graph) -> dict[Node, Node] | None:
    """Replacements for the last product that can be changed, or None."""
    uses = graph.uses()
    for node in reversed(graph.nodes):
        if node.op != "multiply" or node.ndim != 1:
            continue
        scale, whole = split_scaled(node)
        if not scale.is_scalar or whole.op not in ("concat", "multiply"):
            continue
        if len(uses[whole]) > 1 or whole in graph.results:
            continue
        if whole.op == "multiply" and any(one.is_scalar for one in whole.args):
            inner, rest = split_scaled(whole)  # s * (t * G) becomes (s t) * G
            product = scalar("multiply", scale, inner, dtype=scale.dtype)
            return {node: node.replaced(args=(product, rest))}
        source = _linear_source(graph, uses, whole)
        if source is not None:
            return {source: _scaled(source, scale), node: whole}
    return None


def _scaled(source: Node, scale: Node) -> Node:
    """The source times a number; a number that multiplies it already is combined with it."""
    factor = source
    if source.op == "multiply" and any(one.is_scalar for one in source.args):
        inner, factor = split_scaled(source)
        scale = scalar("multiply", scale, inner, dtype=scale.dtype)
    return Node("multiply", (factor, scale), source.shape, source.dtype)


def _linear_source(graph: Graph, uses: dict[Node, list[Node]], whole: Node) -> Node | None:
    """The smallest matrix in which ``whole`` is linear and that nothing else depends on."""
    place = {node: k for k, node in enumerate(graph.nodes)}
    inner = {whole}  # what nothing but ``whole`` depends on
    for node in reversed(graph.nodes[: place[whole]]):
        if node not in graph.outputs and inner.issuperset(uses[node]):
            inner.add(node)
    # Every part of a concatenation depends on its source, also the one that is computed first.
    parts = whole.args if whole.op == "concat" else (whole,)
    candidates = [
        node
        for node in graph.nodes[: min(place[root_of(part)] for part in parts)]
        if node in inner and node.ndim == 2 and node.op not in VIEWS | LEAVES
    ]
    candidates.sort(key=lambda node: (node.size, -place[node]))
    for source in candidates:
        if source.size < whole.size and _is_linear_in(whole, source, uses, place):
            return source
    return None


def _is_linear_in(
    whole: Node, source: Node, uses: dict[Node, list[Node]], place: dict[Node, int]
) -> bool:
    """Whether all that depends on ``source``, up to ``whole``, is linear in it."""
    linear: set[Node] = set()
    waiting, nodes = [place[source]], {place[source]: source}
    while waiting:
        node = nodes[heapq.heappop(waiting)]
        if not (node is source or _is_linear(node, linear)):
            return False
        linear.add(node)
        if node is whole:
            continue
        for use in uses[node]:
            if place[use] not in nodes:
                nodes[place[use]] = use
                heapq.heappush(waiting, place[use])
    return whole in linear


def _is_linear(node: Node, linear: set[Node]) -> bool:
    """Whether a node is linear in the source of which the nodes of ``linear`` are."""
    which = [one in linear for one in node.args]
    if node.op in VIEWS or node.op in ("sum", "negative"):
        return which[0]
    if node.op in ("multiply", "matmul"):
        return sum(which) == 1
    if node.op == "divide":
        return which == [True, False]
    if node.op in ("add", "subtract", "concat"):
        return all(which)
    return False
