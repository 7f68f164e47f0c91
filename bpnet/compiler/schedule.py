"""Order the operations of a graph and group them into chains."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from .ir import COMPUTED, Graph, Node, root_of

__all__ = ["Group", "Steps", "schedule", "shows"]


class Steps:
    """The operations of a graph that take a call, in order.

    Parameters
    ----------
    graph : Graph

    Attributes
    ----------
    nodes : list of Node
    place : dict of Node to int
        Position of each in the order.
    last : dict of Node to int
        Position of the step that reads an array, or a view of it, last.
    kept : set of Node
        Nodes that exist before a step or stay after it: the mini-batch, the results, z.
    uses : dict of Node to list of Node
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.uses = graph.uses()
        self.nodes = [node for node in graph.nodes if node.op in COMPUTED]
        self.place = {node: k for k, node in enumerate(self.nodes)}
        self.last = {root_of(one): k for k, node in enumerate(self.nodes) for one in node.args}
        self.kept = {graph.x, graph.y, *graph.outputs, *map(root_of, graph.outputs)}


class Group(NamedTuple):
    """Operations that are executed together.

    Attributes
    ----------
    nodes : tuple of Node
    is_chain : bool
        Whether they are executed as one chain, not by one call each.
    local : frozenset of Node
        Nodes of a chain that nothing outside it reads; they take no buffer.
    """

    nodes: tuple[Node, ...]
    is_chain: bool = False
    local: frozenset[Node] = frozenset()


def schedule(
    steps: Steps,
    is_chained: Callable[[Node], bool] = lambda node: False,
    may_join: Callable[[Sequence[Node]], bool] = lambda nodes: False,
    placed: Collection[Node] = (),
) -> list[Group]:
    """Put a graph's operations into groups, in the order in which they are computed.

    Parameters
    ----------
    steps : Steps
    is_chained : callable, optional
        Whether an operation may be part of a chain with its neighbours of the same shape.
    may_join : callable, optional
        Whether chains and operations between them are executed together although shapes differ.
    placed : collection of Node, optional
        Nodes computed into their place in a concatenation, which are never local to a chain.
    """
    chains: list[list[Node]] = []
    for node in steps.nodes:
        last = chains[-1] if chains else []
        joins = (
            bool(last)
            and is_chained(node)
            and is_chained(last[-1])
            and last[-1].shape == node.shape
            # A chain cannot read another view of its own result.
            and not any(shows(node, one) for one in last)
        )
        if joins:
            last.append(node)
        else:
            chains.append([node])
    joined: list[list[Node]] = []
    for chain in chains:
        last = joined[-1] if joined else []
        seen = any(shows(node, one) for node in chain for one in last)
        if last and not seen and may_join([*last, *chain]):
            last += chain
        else:
            joined.append(chain)
    return [_group(steps, nodes, is_chained, placed) for nodes in joined]


def _group(
    steps: Steps, nodes: list[Node], is_chained: Callable[[Node], bool], placed: Collection[Node]
) -> Group:
    if len(nodes) == 1 and not is_chained(nodes[0]):
        return Group((*nodes,))
    inside = set(nodes)
    local = frozenset(
        node
        for node in nodes
        if node not in steps.kept
        and node not in placed
        and all(use in inside for use in steps.uses[node])
    )
    return Group((*nodes,), True, local)


def shows(node: Node, root: Node) -> bool:
    """Whether an operation reads another view of what ``root`` holds."""
    return any(one is not root and root_of(one) is root for one in node.args)
