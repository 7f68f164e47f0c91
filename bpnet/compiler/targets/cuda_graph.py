"""Runners that execute blocks of steps as one CUDA graph."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...backends import Array
from ..emit import Emitter
from ..ir import Graph, Node
from ..memory import Library, Numbers
from ..runner import Runner, each_step, table_of
from ..scalars import depends_on_rates
from ..source import load, write_source

__all__ = ["GRAPH", "Capture", "DeviceNumbers", "GraphRunner", "graph_runner"]

GRAPH = """\
def run(x_k, y_k, z_k, rates, at, mark, *, {bound}):
    if True:
        {rates} = rates
{body}\
"""


class DeviceNumbers(Numbers):
    """Numbers of a block of steps that lie on the device; each step unpacks its own.

    Attributes
    ----------
    rates : dict of Node to str
        Those that depend on the rates, and what the lines call them.
    """

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.rates: dict[Node, str] = {}

    def name(self, node: Node) -> str | None:
        if not depends_on_rates(node):
            return None
        return self.rates.setdefault(node, f"r{len(self.rates)}")


class Capture(ABC):
    """Captures the calls of a block of steps as one launch.

    Attributes
    ----------
    possible : bool
        Whether they can.
    """

    possible = True

    @abstractmethod
    def capture(self, do: Callable[..., None]) -> Callable[[], Any]:
        """Capture the work that a function queues on the device; return its launch.

        It takes an ``at`` and a ``mark`` as of `streams.side_by_side`, and by default goes on in
        one queue.
        """

    @abstractmethod
    def move(self, out: Array, x: Array) -> None:
        """Copy an array into another of the device."""

    def ready(self) -> None:
        """Queue the calls that follow on the current stream."""
        return


def graph_runner(
    emitter: Emitter, body: Sequence[str], room: Array, capture: Capture
) -> tuple[str, Runner]:
    """The source of one step, and the runner that executes blocks of steps."""
    assert isinstance(emitter.numbers, DeviceNumbers)
    rates = emitter.numbers.rates
    names = {**emitter.names, **emitter.functions}
    unpacked = f"({', '.join(rates.values())}{',' * bool(rates)})"
    source = write_source(GRAPH, body, list(names), unpacked)
    graph = emitter.program.graph
    return source, GraphRunner(load(source, names), graph, emitter.library, room, [*rates], capture)


class GraphRunner:
    """Executes blocks of steps; samples, targets, rates and keys of a block lie on the device.

    The first block runs call by call, so that the library allocates all that it needs. Then the
    same calls are captured, and each later block is one launch. A shorter block at the end is
    captured the second time that its length occurs.

    Parameters
    ----------
    function : callable
        Made of `GRAPH`.
    graph : Graph
    library : Library
    room : array, shape (steps of a block, batch size, n_0)
    rates : sequence of Node
        Numbers that may differ from step to step, in the order in which a step unpacks them.
    capture : Capture

    Attributes
    ----------
    obstacle : str
        Why a capture failed, if one did; no other is tried after that.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        graph: Graph,
        library: Library,
        room: Array,
        rates: Sequence[Node],
        capture: Capture,
    ) -> None:
        self._function, self._z, self._library = function, graph.z, library
        self.capture = capture
        self.obstacle = ""
        self._launches: dict[int, Callable[[], Any]] = {}
        self._seen: set[int] = set()
        self._sent: dict[Node, tuple[np.ndarray[Any, Any], Array]] = {}
        blocks = room.shape[0]
        self._room = room
        self._targets, self._outputs = (
            library.empty((blocks, *one.shape), one.dtype) for one in (graph.y, graph.z)
        )
        self._rates = {node: library.empty((blocks,), node.dtype) for node in rates}
        each = [
            tuple(one[k : k + 1].reshape(()) for one in self._rates.values()) for k in range(blocks)
        ]
        self._slots = list(zip(room, self._targets, self._outputs, each, strict=True))

    @property
    def captured(self) -> set[int]:
        """Lengths of blocks that have a graph."""
        return set(self._launches)

    @property
    def rate_shapes(self) -> set[tuple[int, ...]]:
        """Shapes of the arrays on the device that hold a number for each step of a block."""
        return {tuple(room.shape) for room in self._rates.values()}

    def run(
        self,
        x: Array,
        y: Array,
        order: Array,
        rates: Sequence[tuple[float, ...]],
        stop: Callable[[], bool],
    ) -> tuple[int, Array]:
        """See `Runner.run`."""
        steps, z, table, move = order.shape[0], self._z, table_of(rates), self.capture.move
        outputs = self._library.empty((steps, *z.shape), z.dtype)
        values = [self._on_device(node, table, steps) for node in self._rates]
        self.capture.ready()
        for first in range(0, steps, len(self._slots)):
            if stop():
                return first, outputs
            count = min(len(self._slots), steps - first)
            rows = order[first : first + count].reshape(-1)
            for samples, room in ((x, self._room), (y, self._targets)):
                self._library.gather(samples, rows, room[:count].reshape(-1, *room.shape[2:]))
            for room, each in zip(self._rates.values(), values, strict=True):
                move(room[:count], each[first : first + count])
            self.do(count)
            move(outputs[first : first + count], self._outputs[:count])
        return steps, outputs

    def do(self, count: int) -> None:
        """Perform some steps on the contents of their slots."""
        if (launch := self._launches.get(count)) is not None:
            launch()
            return

        def do(at: Callable[..., Any] = _here, mark: Callable[..., Any] = _here) -> None:
            for slot in self._slots[:count]:
                self._function(*slot, at, mark)

        do()
        often = count == len(self._slots) or count in self._seen
        if self.capture.possible and not self.obstacle and often:
            try:
                self._launches[count] = self.capture.capture(do)
            except Exception as error:  # whatever driver and libraries raise: it goes on without
                self.obstacle = _why(error)  # which does not keep the plan, as it would
            self.capture.ready()
        self._seen.add(count)

    def _on_device(self, node: Node, table: np.ndarray[Any, Any], steps: int) -> Array:
        """A number for each step on the device; transferred only if it changed."""
        each = np.resize(each_step(node, table), steps)
        sent = self._sent.get(node)
        if sent is None or not np.array_equal(sent[0], each):
            library = self._library
            kind = library.kind(node.dtype)
            sent = each, library.xp.asarray(each, dtype=kind, device=library.device)
            self._sent[node] = sent
        return sent[1]


def _why(error: BaseException) -> str:
    """Type and message of the first error, which may make the end of the capture fail, too."""
    while error.__context__ is not None:
        error = error.__context__
    return f"{type(error).__name__}: {error}"


def _here(*_: Any) -> None:
    """One queue takes everything in order."""
