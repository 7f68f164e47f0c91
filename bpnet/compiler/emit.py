"""The source of a plan: its calls as lines of Python, and the names that they use."""

from __future__ import annotations

import functools
import itertools
import linecache
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..backends.base import Array
from .buffers import Layout, maker_of
from .ir import (
    ELEMENTWISE,
    IN_PLACE,
    RANDOM,
    Graph,
    Node,
    depends_on_rates,
    evaluate,
    parts_of,
    root_of,
)
from .memory import Memory
from .schedule import Group

__all__ = ["Emitter", "Numbers", "Program", "arrays_of", "load", "write_source"]


class Program(NamedTuple):
    """What is to be emitted.

    Attributes
    ----------
    graph : Graph
    groups : sequence of Group
    layout : Layout
    moving : dict of Node to str
        What is another array at each step, and what the loop calls it.
    uses : dict of Node to list of Node
        As of `Graph.uses`.
    """

    graph: Graph
    groups: Sequence[Group]
    layout: Layout
    moving: dict[Node, str]
    uses: dict[Node, list[Node]]


class Numbers:
    """The numbers of a plan, each in a cell of its own that is filled before a step.

    Parameters
    ----------
    library : Library

    Attributes
    ----------
    varying : list of (Node, cell)
        Those that depend on the rates, and the cells that hold them.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        self._cells: dict[Node, Any] = {}
        self.varying: list[tuple[Node, Any]] = []

    def name(self, node: Node) -> str | None:
        """What the loop calls a number that it unpacks itself; None for what has a cell."""
        return None

    def cell(self, node: Node) -> Any:
        """An array of shape () that holds a number."""
        if node not in self._cells:
            self._cells[node] = self._library.empty((), node.dtype)
            self.keep(node, self._cells[node])
        return self._cells[node]

    def keep(self, node: Node, cell: Any) -> None:
        """Have a cell hold a number."""
        if depends_on_rates(node):
            self.varying.append((node, cell))
        else:
            self._library.fill(cell, constant(node))


def constant(node: Node) -> float:
    """A number that is the same at each step."""
    return float(evaluate(node, np.zeros((1, 0))))


def arrays_of(node: Node) -> tuple[Node, ...]:
    """The operands of an elementwise operation, but for the number c of ``x + c y``."""
    return node.args[:-1] if node.op in ("addscaled", "addquotient") else node.args


class Emitter(ABC):
    """How a library is called.

    Parameters
    ----------
    program : Program
    memory : Memory
    numbers : Numbers

    Attributes
    ----------
    functions : mapping of str to callable
        What the lines call.
    names : dict of str to object
        What else the lines name, in the order in which they do so.
    held : list
        What must be there as long as the lines are, although they do not name it.
    """

    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {}

    def __init__(self, program: Program, memory: Memory, numbers: Numbers) -> None:
        self.program, self.memory, self.numbers = program, memory, numbers
        self.library = memory.library
        self.names: dict[str, Any] = {}
        self.held: list[Any] = []
        self._known: dict[int, str] = {}

    # ------------------------------------------------------------------ what a library says

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
        """A line for a mask, or for normal numbers, of a key that the host knows."""
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
        """Lines that bring results to the state's buffers where they were not computed there."""
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
        """What the lines call the array of a node."""
        if node.is_scalar:
            return self.numbers.name(node) or self.bind(self.numbers.cell(node))
        if node in self.program.moving:
            return self.program.moving[node]
        if root_of(node) in self.program.moving:
            return self._view_of_moving(node)
        return self.bind(self.memory[node])

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
        """A place on the host for the key of a step."""
        cell = np.zeros((), np.int64)
        self.numbers.varying.append((node, cell))
        return cell

    def drawing(self, node: Node) -> str:
        """A name for a function of a key, and of the number of the first sample."""
        make: Callable[..., Array] = getattr(self.library.xp, node.op)
        return self.bind(functools.partial(make, self.memory[node], *node.option[:-1]))


# ------------------------------------------------------------------ from lines to a function


def write_source(template: str, lines: Sequence[str], names: Sequence[str], rates: str = "") -> str:
    """The source of a function ``run``.

    Parameters
    ----------
    template : str
        With places for ``{bound}``, ``{body}`` and perhaps ``{rates}``.
    lines : sequence of str
        The body.
    names : sequence of str
        What the lines name; bound as defaults, so that each is a local variable of the function.
    rates : str, optional
    """
    return template.format(
        bound=", ".join(f"{name}={name}" for name in names),
        rates=rates,
        body="".join(f"        {line}\n" for line in lines),
    )


_count = itertools.count(1)


def load(source: str, names: Mapping[str, Any]) -> Callable[..., Any]:
    """The function ``run`` of a source, whose lines tracebacks and debuggers show.

    Parameters
    ----------
    source : str
    names : mapping of str to object
    """
    file = f"<bpnet plan {next(_count)}>"
    scope = dict(names)
    exec(compile(source, file, "exec"), scope)
    run: Callable[..., Any] = scope.pop("run")  # no cycle: it goes with its plan
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    weakref.finalize(run, linecache.cache.pop, file, None).atexit = False
    return run
