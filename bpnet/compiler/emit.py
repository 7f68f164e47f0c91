"""Write the calls of a plan as lines of Python, with the objects that they name."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..backends import Array
from .buffers import maker_of
from .ir import (
    ELEMENTWISE,
    IN_PLACE,
    RANDOM,
    Graph,
    Node,
    parts_of,
    root_of,
)
from .layout import Layout
from .memory import Memory, Numbers
from .schedule import Group

__all__ = ["Emitter", "Program", "arrays_of"]


class Program(NamedTuple):
    """A scheduled graph with its buffers, ready to be emitted.

    Attributes
    ----------
    graph : Graph
    groups : sequence of Group
    layout : Layout
    moving : dict of Node to str
        Nodes that are another array at each step, and their names in the loop.
    uses : dict of Node to list of Node
        As of `Graph.uses`.
    """

    graph: Graph
    groups: Sequence[Group]
    layout: Layout
    moving: dict[Node, str]
    uses: dict[Node, list[Node]]


def arrays_of(node: Node) -> tuple[Node, ...]:
    """The operands of an elementwise operation without the number c of ``x + c y``."""
    return node.args[:-1] if node.op in ("addscaled", "addquotient") else node.args


class Emitter(ABC):
    """Writes the calls of one library.

    Parameters
    ----------
    program : Program
    memory : Memory
    numbers : Numbers

    Attributes
    ----------
    functions : mapping of str to callable
        Functions that the lines call.
    names : dict of str to object
        Other objects that the lines name, in order of first use.
    named : dict of str to Node
        A node for each name of an array or a number.
    held : list
        Objects that must live as long as the lines, although these do not name them.
    """

    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {}

    def __init__(self, program: Program, memory: Memory, numbers: Numbers) -> None:
        self.program, self.memory, self.numbers = program, memory, numbers
        self.library = memory.library
        self.names: dict[str, Any] = {}
        self.named: dict[str, Node] = {}
        self.held: list[Any] = []
        self._known: dict[int, str] = {}

    # ------------------------------------------------------------------ per library

    @abstractmethod
    def elementwise(self, node: Node, arguments: Sequence[str], out: str) -> list[str]:
        """Lines for an elementwise operation; the arguments are those of `arrays_of`."""

    @abstractmethod
    def matmul(self, left: str, right: str, out: str) -> str:
        """A line for a product of two matrices."""

    @abstractmethod
    def reduction(self, node: Node) -> list[str]:
        """Lines for a sum or largest entry over one axis of a matrix."""

    @abstractmethod
    def copy(self, source: str, out: str) -> str:
        """A line that copies one array to another."""

    def chain(self, group: Group) -> list[str]:
        """Lines for a chain."""
        raise NotImplementedError

    def affine(self, node: Node) -> str:
        """A line for a product to which a row is added; see `passes.add_to_products`."""
        raise NotImplementedError

    def accumulation(self, node: Node) -> str:
        """A line that adds a product to an array; see `passes.accumulate`."""
        raise NotImplementedError

    def random(self, node: Node) -> str:
        """A line for a mask, or for normal numbers, from a key on the host."""
        key = self.bind(self.key(node.args[0]))
        return self.copy(f"{self.drawing(node)}({key}.item(), {node.option[-1]})", self.name(node))

    # ------------------------------------------------------------------ lines

    def lines(self, group: Group) -> list[str]:
        """The lines for a group."""
        if group.is_chain:
            return self.chain(group)
        return [line for node in group.nodes for line in self._lines(node)]

    def _lines(self, node: Node) -> list[str]:
        if node.op in ELEMENTWISE:
            arguments = [self.name(one) for one in arrays_of(node)]
            return self.elementwise(node, arguments, self.name(node))
        if node.op == "matmul":
            left, right = (self.name(one) for one in node.args)
            return [self.matmul(left, right, self.name(node))]
        if node.op == "affine":
            return [self.affine(node)]
        if node.op in ("sum", "max"):
            return self.reduction(node)
        if node.op in IN_PLACE:
            return [self.accumulation(node)]
        if node.op in RANDOM:
            return [self.random(node)]
        return self._concat(node)

    def _concat(self, node: Node) -> list[str]:
        """Copies of the parts that were not computed in their place."""
        placed, moving = self.program.layout.placed, node in self.program.moving
        return [
            self.copy(
                self.name(part),
                f"{self.name(node)}[{self.bind(where)}]"
                if moving
                else self.bind(self.memory[node][where]),
            )
            for part, where in parts_of(node)
            if placed.get(maker_of(part)) != (node, where)
        ]

    def ending(self) -> list[str]:
        """Lines that copy results to the state's buffers where they were not computed there."""
        graph, layout = self.program.graph, self.program.layout
        lines, moves = [], []
        for node, state, aside in layout.moves:
            source = self.name(node)
            if aside is not None:
                room = self.bind(self.memory.buffer(aside))
                lines.append(self.copy(source, room))
                source = room
            moves.append(self.copy(source, self.bind(self.memory[graph.state[state]])))
        lines += moves
        if graph.z not in self.program.moving:
            lines.append(self.copy(self.name(graph.z), "z_k"))
        return lines

    # ------------------------------------------------------------------ names

    def name(self, node: Node) -> str:
        """Name of a node's array in the lines."""
        if node.is_scalar:
            name = self.numbers.name(node) or self.bind(self.numbers.cell(node))
            self.named[name] = node
            return name
        if node in self.program.moving:
            return self.program.moving[node]
        if root_of(node) in self.program.moving:
            return self._view_of_moving(node)
        name = self.bind(self.memory[node])
        self.named.setdefault(name, node)
        return name

    def _view_of_moving(self, node: Node) -> str:
        inner = self.name(node.args[0])
        if node.op == "transpose":
            return f"{inner}.T"
        if node.op == "reshape":
            return f"{inner}.reshape({node.shape})"
        return f"{inner}[{self.bind(node.option)}]"

    def bind(self, thing: Any) -> str:
        """A name for an object, the same each time."""
        if id(thing) not in self._known:
            self._known[id(thing)] = f"v{len(self._known)}"
            self.names[self._known[id(thing)]] = thing
        return self._known[id(thing)]

    def key(self, node: Node) -> Any:
        """A cell on the host for the key of a step."""
        cell = np.zeros((), np.int64)
        self.numbers.varying.append((node, cell))
        return cell

    def drawing(self, node: Node) -> str:
        """Name of a function of a key and of the first sample's number."""
        make: Callable[..., Array] = getattr(self.library.xp, node.op)
        return self.bind(functools.partial(make, self.memory[node], *node.option[:-1]))
