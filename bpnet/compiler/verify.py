"""Check graphs: order, shapes, dtypes, and no read after a change in place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .ir import (
    BFLOAT16,
    COMPARISONS,
    COMPUTED,
    ELEMENTWISE,
    IN_PLACE,
    LEAVES,
    VIEWS,
    Graph,
    Node,
    Pass,
    parts_of,
    root_of,
)

__all__ = ["GraphError", "apply_passes", "verify"]


class GraphError(AssertionError):
    """A graph is invalid; the message names the node."""


def apply_passes(
    graph: Graph,
    passes: Iterable[Pass],
    watch: Callable[[Pass, Graph, Graph], None] | None = None,
) -> Graph:
    """Rewrite a graph by one pass after another.

    Parameters
    ----------
    graph : Graph
    passes : iterable of callable
        Each takes a graph and returns another. The graph is verified after each where the
        environment variable ``BPNET_DEBUG`` is set.
    watch : callable, optional
        Called with each pass, the graph before it and the graph after it.
    """
    check = os.environ.get("BPNET_DEBUG", "0") not in ("", "0")
    if check:
        verify(graph)
    for one in passes:
        before, graph = graph, one(graph)
        if check:
            verify(graph)
        if watch is not None:
            watch(one, before, graph)
    return graph


def verify(graph: Graph) -> None:
    """Raise GraphError if a graph is invalid.

    Every operand and output is a node of the graph, operands come before what reads them, shapes
    and types are those of the operation, and nothing reads a part of the state that was changed in
    place before.
    """
    place = {node: k for k, node in enumerate(graph.nodes)}
    if len(place) < len(graph.nodes):
        raise GraphError("a node is listed twice")
    for node in (*graph.inputs, *graph.outputs):
        if node not in place:
            raise GraphError(f"{node} is no node of the graph")
    for node in graph.nodes:
        for one in node.args:
            if one not in place:
                raise GraphError(f"{node} reads {one}, which is no node of the graph")
            if place[one] >= place[node]:
                raise GraphError(f"{node} reads {one}, which comes after it")
        _verify_node(node)
    for before, after in zip(graph.state, graph.results, strict=True):
        if (before.shape, before.dtype) != (after.shape, after.dtype):
            raise GraphError(f"{before} becomes {after}")
    _verify_changes(graph, place)


def _verify_node(node: Node) -> None:
    if node.op not in LEAVES | VIEWS | COMPUTED | {"scalar", "joined"}:
        raise GraphError(f"{node}: no such operation")
    shape = _shape_of(node)
    if shape is not None and shape != node.shape:
        raise GraphError(f"{node} has the shape {node.shape}, not {shape}")
    dtype = _dtype_of(node)
    if dtype is not None and dtype != node.dtype:
        raise GraphError(f"{node} has the type {node.dtype}, not {dtype}")


def _shape_of(node: Node) -> tuple[int, ...] | None:
    """The shape of an operation's result; None if it is free."""
    shapes = [one.shape for one in node.args]
    if node.op in ELEMENTWISE or node.op == "scalar":
        return np.broadcast_shapes(*shapes)
    if node.op in ("matmul", "affine", "addmm"):
        (m, k), (rows, n) = shapes[-2:]
        if k != rows:
            raise GraphError(f"{node} multiplies {shapes[-2]} and {shapes[-1]}")
        return m, n
    if node.op == "transpose":
        return shapes[0][::-1]
    if node.op == "reshape":
        if node.size != node.args[0].size:
            raise GraphError(f"{node} is no reshape of {shapes[0]}")
        return None
    if node.op == "slice":
        pairs = zip(node.option, shapes[0], strict=True)
        return tuple(len(range(*one.indices(n))) for one, n in pairs)
    if node.op in ("sum", "max"):
        axis, keepdims = node.option
        sizes = enumerate(shapes[0])
        return tuple(1 if k == axis else n for k, n in sizes if keepdims or k != axis)
    if node.op == "addmv":
        axis, *_ = node.option
        if node.size != shapes[1][1 - axis]:
            raise GraphError(f"{node} is no sum of {shapes[1]} over axis {axis}")
        return shapes[0]
    if node.op == "concat":
        whole = list(shapes[0])
        whole[node.option] = sum(one[node.option] for one in shapes)
        if any(part.shape != _cut(node, where) for part, where in parts_of(node)):
            raise GraphError(f"{node} puts together {shapes}")
        return tuple(whole)
    if node.op == "joined":
        return (sum(one.size for one in node.args),)
    return None


def _cut(whole: Node, where: tuple[slice, ...]) -> tuple[int, ...]:
    """The shape of a part of a concatenation."""
    keys = (*where, *(slice(None),) * (whole.ndim - len(where)))
    return tuple(len(range(*one.indices(n))) for one, n in zip(keys, whole.shape, strict=True))


def _dtype_of(node: Node) -> Any:
    """The dtype of an operation's result; None if it is free."""
    arrays = [one.dtype for one in node.args if not one.is_scalar]
    if node.op in COMPARISONS or (node.op == "scalar" and node.option in COMPARISONS):
        return np.dtype(bool)
    wider = node.op in ("matmul", "sum", "addmm", "addmv") and BFLOAT16 in arrays
    if node.op in LEAVES | {"scalar", "astype", "keep_mask", "normal"} or wider or not arrays:
        return None
    first, *others = arrays[1:] if node.op == "where" else arrays
    if any(one != first for one in others):
        raise GraphError(f"{node} of {', '.join(map(str, arrays))}")
    return first


def _verify_changes(graph: Graph, place: dict[Node, int]) -> None:
    """Check that no operation reads memory after it was changed in place."""
    changed: dict[Node, list[tuple[int, slice]]] = {}
    for node in graph.nodes:
        if node.op in IN_PLACE:
            changed.setdefault(root_of(node.args[0]), []).append((place[node], _span(node.args[0])))
            if root_of(node.args[0]) not in graph.state:
                raise GraphError(f"{node} changes what is no part of the state")
    for node in graph.nodes:
        if node.op in VIEWS or node.op == "joined":
            continue
        for read in node.args[1:] if node.op in IN_PLACE else node.args:
            for when, where in changed.get(root_of(read), ()):
                if when < place[node] and _overlap(_span(read), where):
                    raise GraphError(f"{node} reads {read}, which was changed in place before")
    for before, after in zip(graph.state, graph.results, strict=True):
        if before in changed and after.op != "joined":
            raise GraphError(f"{before} is changed in place, but becomes {after}")


def _span(node: Node) -> slice:
    """The range of entries of a vector that a view shows, at most."""
    first = node
    while node.op in VIEWS:
        first, node = node, node.args[0]
    if first.op != "slice":
        return slice(0, node.size)
    start, stop, step = first.option[0].indices(node.shape[0])
    return slice(start, stop) if step == 1 else slice(0, node.size)


def _overlap(one: slice, other: slice) -> bool:
    return bool(one.start < other.stop and other.start < one.stop)
