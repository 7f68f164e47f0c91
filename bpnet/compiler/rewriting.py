"""Rewriting a recorded step: the same numbers, but for rounding, in fewer passes over arrays."""

from __future__ import annotations

import numpy as np

from .trace import (
    BFLOAT16,
    ELEMENTWISE,
    LEAVES,
    VIEWS,
    Graph,
    Node,
    depends_on_rates,
    numbers,
    parts_of,
    root_of,
)

__all__ = [
    "accumulate",
    "add_to_products",
    "fold_scale",
    "gate",
    "scale_addends",
    "spread_sums",
    "widen",
]


def widen(graph: Graph) -> None:
    """Let products and sums of bfloat16 come in the larger type that they are cast to.

    A concatenation that is cast is one of parts that are cast, and a product of matrices or a sum
    over samples that nothing else reads is computed in the larger type anyway.
    """
    for node in graph.nodes.copy():
        if node.op != "astype" or node.args[0].op != "concat":
            continue
        (whole,) = node.args
        uses = graph.uses()
        if whole.dtype is not BFLOAT16 or len(uses[whole]) > 1:
            continue
        cast = []
        for part in whole.args:
            maker = part.args[0] if part.op == "reshape" else part
            alone = uses[part] == [whole] and (maker is part or uses[maker] == [part])
            if alone and maker.op in ("matmul", "sum"):
                maker.dtype = part.dtype = node.dtype
            else:
                part = Node(node.recorder, "astype", (part,), part.shape, node.dtype)
                graph.nodes.insert(graph.nodes.index(whole), part)
            cast.append(part)
        node.op, node.args, node.option = "concat", tuple(cast), whole.option
    graph.prune()


def fold_scale(graph: Graph) -> None:
    """Move a number that multiplies the whole gradient to where the gradient begins.

    Backpropagation is linear in delta^L: where ``s * G`` is the only use of a vector G that is
    linear in a small matrix D, and nothing else reads what lies between them, D is multiplied
    instead, a pass over some hundred elements in place of one over all parameters.
    """
    changed = True
    while changed:
        changed = False
        uses = graph.uses()
        for node in reversed(graph.nodes):
            if node.op != "multiply" or node.ndim != 1:
                continue
            scale, whole = node.args if node.args[0].is_scalar else node.args[::-1]
            if not scale.is_scalar or whole.op not in ("concat", "multiply"):
                continue
            if len(uses[whole]) > 1 or whole in graph.results:
                continue
            if whole.op == "multiply" and any(one.is_scalar for one in whole.args):
                _merge_scales(graph, node, scale, whole)
            else:
                source = _linear_source(graph, uses, whole)
                if source is None:
                    continue
                _move_scale(graph, node, scale, whole, source)
            changed = True
            break


def _merge_scales(graph: Graph, node: Node, scale: Node, whole: Node) -> None:
    """``s * (t * G)`` becomes ``(s t) * G``."""
    inner, rest = whole.args if whole.args[0].is_scalar else whole.args[::-1]
    product = node.recorder.call("multiply", scale, inner)
    graph.nodes.insert(graph.nodes.index(node), product)
    node.args = (product, rest)
    graph.prune()


def _linear_source(graph: Graph, uses: dict[Node, list[Node]], whole: Node) -> Node | None:
    """The smallest matrix in which ``whole`` is linear and that nothing else depends on."""
    best = None
    for source in graph.nodes:
        if source.ndim != 2 or source.op in VIEWS | LEAVES or source.size >= whole.size:
            continue
        linear = {source}
        for node in graph.nodes[graph.nodes.index(source) + 1 : graph.nodes.index(whole) + 1]:
            if _is_linear(node, linear):
                linear.add(node)
        if whole not in linear or graph.z in linear or linear & set(graph.results):
            continue
        inside = all(use in linear for node in linear - {whole} for use in uses[node])
        if inside and (best is None or source.size <= best.size):
            best = source
    return best


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


def _move_scale(graph: Graph, node: Node, scale: Node, whole: Node, source: Node) -> None:
    """``s * G`` becomes G, of which the source is multiplied by s, or by another number more."""
    recorder, factor = node.recorder, source
    if source.op == "multiply" and any(one.is_scalar for one in source.args):
        inner, factor = source.args if source.args[0].is_scalar else source.args[::-1]
        scale = recorder.call("multiply", scale, inner)
        graph.nodes.append(scale)
    scaled = Node(recorder, "multiply", (factor, scale), source.shape, source.dtype)
    for other in graph.nodes:
        if other is node:
            continue
        other.args = tuple(scaled if one is source else one for one in other.args)
    for other in graph.nodes:
        other.args = tuple(whole if one is node else one for one in other.args)
    graph.results = [whole if one is node else one for one in graph.results]
    # Numbers depend on no array: they can all come first.
    rest = [one for one in graph.nodes if not one.is_scalar and one is not node]
    rest.insert(rest.index(source) + 1, scaled)
    graph.nodes = [one for one in graph.nodes if one.is_scalar] + rest
    graph.prune()


def accumulate(graph: Graph) -> None:
    """Let the products that make up a gradient be added to the state as they are computed.

    Where the next v is ``beta v + G`` or ``v - G``, and G is put together from products and sums
    that nothing else reads, each of these becomes an ``addmm`` or ``addmv``, which changes its part
    of v in the same pass: G itself is never written. Such a product waits until the last step has
    read the part of v that it changes.
    """
    for before, after in zip(graph.state, graph.results, strict=True):
        found = _sum_of_products(graph, before, after)
        if found is None:
            continue
        whole, beta, sign = found
        graph.nodes = [n for n in graph.nodes if n.is_scalar] + [
            n for n in graph.nodes if not n.is_scalar
        ]
        place = {node: k for k, node in enumerate(graph.nodes)}
        inserted: dict[int, list[Node]] = {}
        joined = []
        for part, (where,) in parts_of(whole):
            maker = part.args[0] if part.op == "reshape" else part
            into = before[where].reshape(maker.shape)
            op, sources = {"matmul": "addmm", "sum": "addmv"}[maker.op], maker.args
            axis = maker.option[0] if maker.op == "sum" else None
            added = Node(
                maker.recorder, op, (into, *sources), maker.shape, maker.dtype, (axis, beta, sign)
            )
            last = max(place[one] for one in sources)
            for node in graph.nodes[: place[after]]:
                if node.op not in VIEWS and any(_meets(one, before, where) for one in node.args):
                    last = max(last, place[node])
            views = [into.args[0], into]
            inserted.setdefault(last, []).extend([*views, added])
            joined.append(added)
        after.op, after.args, after.option = "joined", tuple(joined), None
        graph.nodes = [
            one for k, node in enumerate(graph.nodes) for one in (node, *inserted.get(k, ()))
        ]
        graph.prune()


def _sum_of_products(graph: Graph, before: Node, after: Node) -> tuple[Node, float, float] | None:
    """The concatenation G, and beta and sign in ``after = beta * before + sign * G``."""
    uses = graph.uses()
    if after.op not in ("add", "subtract") or after.ndim != 1:
        return None
    rest, whole = after.args
    if after.op == "add" and rest.op == "concat":
        rest, whole = whole, rest
    beta = 1.0
    if rest.op == "multiply" and uses[rest] == [after]:
        scale, scaled = rest.args if rest.args[0].is_scalar else rest.args[::-1]
        if scaled is before and not depends_on_rates(scale):
            beta, rest = float(numbers(scale, np.zeros((1, 0)))), before
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
    return whole, beta, -1.0 if after.op == "subtract" else 1.0


def _meets(read: Node, before: Node, where: slice) -> bool:
    """Whether what a step reads shows some of a part of the state's vector."""
    first = read
    while read.op in VIEWS:
        first, read = read, read.args[0]
    if read is not before:
        return False
    if first.op != "slice":
        return True
    start, stop, step = first.option[0].indices(before.size)
    return step != 1 or bool(start < where.stop and where.start < stop)


def scale_addends(graph: Graph, *, rates: bool, alike: bool = False) -> None:
    """Make one operation, ``addscaled``, of ``x + c y`` and ``x - c y`` for a number c.

    Where y is a quotient ``a / b`` that nothing else reads, it is ``addquotient`` of x, a and b,
    unless `alike`.

    Parameters
    ----------
    graph : Graph
    rates : bool
        Whether c may be another number at each step.
    alike : bool, optional
        Whether x and y must be two arrays of one shape, as BLAS has them.
    """
    uses = graph.uses()

    def is_scaled(node: Node, by: Node) -> bool:
        scales = [one for one in node.args if one.is_scalar]
        known = rates or not any(map(depends_on_rates, scales))
        alone = uses[node] == [by] and node not in graph.results
        return node.op == "multiply" and bool(scales) and known and alone

    for node in graph.nodes:
        if node.op not in ("add", "subtract"):
            continue
        x, scaled = node.args
        if node.op == "add" and not is_scaled(scaled, node):
            x, scaled = scaled, x
        if is_scaled(scaled, node) and not x.is_scalar:
            c, y = scaled.args if scaled.args[0].is_scalar else scaled.args[::-1]
            if alike and (x is y or y.is_scalar or not x.shape == y.shape == node.shape):
                continue
            if node.op == "subtract":
                c = node.recorder.call("negative", c)
            node.op, node.args, node.option = "addscaled", (x, y), c
            arrays = y.op == "divide" and not any(one.is_scalar for one in y.args)
            if not alike and arrays and uses[y] == [scaled] and y not in graph.results:
                node.op, node.args = "addquotient", (x, *y.args)
    graph.prune()


def add_to_products(graph: Graph) -> None:
    """Make one operation, ``affine``, of a product of matrices and a row that is added to it."""
    uses = graph.uses()
    for node in graph.nodes:
        if node.op != "add":
            continue
        for product, row in (node.args, node.args[::-1]):
            alone = product.op == "matmul" and uses[product] == [node]
            if alone and row.shape == product.shape[1:] and product not in graph.results:
                node.op, node.args = "affine", (row, *product.args)
                break
    graph.prune()


def spread_sums(graph: Graph, most: int) -> None:
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
    for node in graph.nodes.copy():
        if node.op != "sum" or node.option != (1, True):
            continue
        if node in (graph.z, *graph.results):
            continue
        (x,) = node.args
        if x.shape[1] <= most and all(
            use.op in ELEMENTWISE and use.shape == x.shape for use in uses[node]
        ):
            square = Node(node.recorder, "ones", (), (x.shape[1], x.shape[1]), x.dtype)
            graph.nodes.insert(0, square)
            node.op, node.args, node.option, node.shape = "matmul", (x, square), None, x.shape


def gate(graph: Graph) -> None:
    """Make one operation, ``gate``, of a product with zeros and ones that say where z > 0."""
    uses = graph.uses()
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
            if not g.shape == z.shape == node.shape:
                continue
            if bound.op == "constant" and bound.option == 0.0:
                node.op, node.args = "gate", (g, z)
                break
    graph.prune()
