"""Add the products that make up a gradient to the state as they are computed."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..ir import VIEWS, Graph, Node, parts_of, root_of, split_scaled
from ..scalars import constant, depends_on_rates

__all__ = ["accumulate"]


class _Update(NamedTuple):
    """``after = beta * before + sign * whole``, of vectors; ``whole`` is a concatenation."""

    before: Node
    after: Node
    whole: Node
    beta: float
    sign: float


def accumulate(graph: Graph) -> Graph:
    """Add the products that make up a gradient to the state as they are computed.

    Where the next v is ``beta v + G`` or ``v - G``, and G is put together from products and sums
    that nothing else reads, each of these becomes an ``addmm`` or ``addmv``, which changes its part
    of v in the same pass: G itself is never written. Such a product waits until the last operation
    has read the part of v that it changes.
    """
    for k, before in enumerate(graph.state):
        update = _update(graph, before, graph.results[k])
        if update is not None:
            graph = _accumulated(graph, update)
    return graph


def _accumulated(graph: Graph, update: _Update) -> Graph:
    before, after = update.before, update.after
    # Numbers depend on no array: they can all come first.
    nodes = [node for node in graph.nodes if node.is_scalar]
    nodes += [node for node in graph.nodes if not node.is_scalar]
    place = {node: k for k, node in enumerate(nodes)}
    read_last: dict[tuple[int, int], int] = {}  # of each range of entries that is read
    for node in nodes[: place[after]]:
        for read in node.args if node.op not in VIEWS else ():
            if root_of(read) is before:
                read_last[_shown(read)] = place[node]
    inserted: dict[int, list[Node]] = {}
    joined = []
    for part, (where,) in parts_of(update.whole):
        maker = part.args[0] if part.op == "reshape" else part
        added = _added(maker, update, where)
        last = max(place[one] for one in maker.args)
        for (start, stop), when in read_last.items():
            if when > last and start < where.stop and where.start < stop:
                last = when
        inserted.setdefault(last, []).append(added)
        joined.append(added)
    order = [one for k, node in enumerate(nodes) for one in (node, *inserted.get(k, ()))]
    return graph.rewritten({after: after.replaced(op="joined", args=tuple(joined))}, order)


def _added(maker: Node, update: _Update, where: slice) -> Node:
    """The operation that adds a product or a sum to its part of the state."""
    part = Node("slice", (update.before,), (where.stop - where.start,), maker.dtype, (where,))
    into = Node("reshape", (part,), maker.shape, maker.dtype)
    axis = maker.option[0] if maker.op == "sum" else None
    op = {"matmul": "addmm", "sum": "addmv"}[maker.op]
    option: Any = (axis, update.beta, update.sign)
    return Node(op, (into, *maker.args), maker.shape, maker.dtype, option)


def _update(graph: Graph, before: Node, after: Node) -> _Update | None:
    """The update of a state vector, if it consists of added products."""
    uses = graph.uses()
    if after.op not in ("add", "subtract") or after.ndim != 1:
        return None
    rest, whole = after.args
    if after.op == "add" and rest.op == "concat":
        rest, whole = whole, rest
    beta = 1.0
    if rest.op == "multiply" and uses[rest] == [after]:
        scale, scaled = split_scaled(rest)
        if scaled is before and scale.is_scalar and not depends_on_rates(scale):
            beta, rest = constant(scale), before
    alone = sum(root_of(one) in (before, after) for one in graph.results) == 1
    if rest is not before or whole.op != "concat" or uses[whole] != [after] or not alone:
        return None
    for part in whole.args:
        maker = part.args[0] if part.op == "reshape" else part
        single = uses[part] == [whole] and (maker is part or uses[maker] == [part])
        if not single or maker.op not in ("matmul", "sum") or maker in graph.results:
            return None
    order = graph.nodes.index(after)
    late = (node for node in graph.nodes[order + 1 :] if node.op not in VIEWS)
    if any(root_of(one) is before for node in late for one in node.args):
        return None
    return _Update(before, after, whole, beta, -1.0 if after.op == "subtract" else 1.0)


def _shown(read: Node) -> tuple[int, int]:
    """The range of entries of the state's vector that an operand shows, at most."""
    first = read
    while read.op in VIEWS:
        first, read = read, read.args[0]
    if first.op == "slice":
        start, stop, step = first.option[0].indices(read.size)
        if step == 1:
            return start, stop
    return 0, read.size
