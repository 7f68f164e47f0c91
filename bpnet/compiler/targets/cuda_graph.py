"""A plan whose steps a CUDA GPU does some at once, as one graph."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...backends.base import Array, Backend
from ..plan import Plan
from ..trace import Graph, Node, depends_on_rates, numbers

__all__ = ["GraphedPlan"]


class GraphedPlan(Plan):
    """What varies from step to step lies on the device, for some steps at once: rows of samples,
    targets, rates and keys of masks.

    The first of such blocks of steps is done call by call, which has a library make all that it
    needs; then the same calls are captured, and each block after that is one launch. So are the
    fewer steps that are left over, the second time there are as many.

    Attributes
    ----------
    captured : set of int
        For how many steps there is a graph.
    obstacle : str
        Why a capture failed, if one did; no other is tried then.
    """

    ahead, most_ahead = 2**24, 32
    template = """\
def run(x_k, y_k, z_k, rates, at, mark, *, {bound}):
    if True:
        {rates} = rates
{body}\
"""
    can_capture = True
    obstacle = ""

    def __init__(
        self, backend: Backend, graph: Graph, state: Sequence[Array], *, once: bool = False
    ) -> None:
        self._rates: dict[Node, Array] = {}
        self._launches: dict[int, Callable[[], Any]] = {}
        self._seen: set[int] = set()
        self._sent: dict[Node, tuple[np.ndarray[Any, Any], Array]] = {}
        super().__init__(backend, graph, state, once=once)
        blocks = self._room.shape[0]
        self._targets, self._outputs = (
            self.empty((blocks, *one.shape), one.dtype) for one in (graph.y, graph.z)
        )
        rates = [
            tuple(room[k : k + 1].reshape(()) for room in self._rates.values())
            for k in range(blocks)
        ]
        self._slots = list(zip(self._room, self._targets, self._outputs, rates, strict=True))

    @property
    def captured(self) -> set[int]:
        return set(self._launches)

    @abstractmethod
    def capture(self, do: Callable[..., None]) -> Callable[[], Any]:
        """What a function asks of the device, to be launched again and again.

        It takes an ``at`` and a ``mark`` as of `_branches.side_by_side`, and by default goes on in
        one queue.
        """

    @abstractmethod
    def move(self, out: Array, x: Array) -> None:
        """Copy an array into another of the device."""

    def ready(self) -> None:
        """Make the calls that follow where all others are made."""

    def run(
        self,
        x: Array,
        y: Array,
        order: Array,
        rates: Sequence[tuple[float, ...]],
        stop: Callable[[], bool],
    ) -> tuple[int, Array]:
        steps, z, table = order.shape[0], self._graph.z, self.table(rates)
        outputs = self.empty((steps, *z.shape), z.dtype)
        values = [self._on_device(node, table, steps) for node in self._rates]
        self.ready()
        for first in range(0, steps, len(self._slots)):
            if stop():
                return first, outputs
            count = min(len(self._slots), steps - first)
            rows = order[first : first + count].reshape(-1)
            for samples, room in ((x, self._room), (y, self._targets)):
                self.gather(samples, rows, room[:count].reshape(-1, *room.shape[2:]))
            for room, each in zip(self._rates.values(), values, strict=True):
                self.move(room[:count], each[first : first + count])
            self._do(count)
            self.move(outputs[first : first + count], self._outputs[:count])
        return steps, outputs

    def _do(self, count: int) -> None:
        """Some steps, on what lies in their slots."""
        if (launch := self._launches.get(count)) is not None:
            launch()
            return

        def do(at: Callable[..., Any] = _here, mark: Callable[..., Any] = _here) -> None:
            for slot in self._slots[:count]:
                self._run(*slot, at, mark)

        do()
        often = count == len(self._slots) or count in self._seen
        if self.can_capture and not self.obstacle and often:
            try:
                self._launches[count] = self.capture(do)
            except Exception as error:  # whatever driver and libraries raise: it goes on without
                self.obstacle = _why(error)  # which does not keep the plan, as it would
            self.ready()
        self._seen.add(count)

    def _on_device(self, node: Node, table: np.ndarray[Any, Any], steps: int) -> Array:
        """A number of each step, moved at once, unless they are there already."""
        each = np.broadcast_to(numbers(node, table), len(table)).astype(node.dtype)
        each = np.resize(each, steps)
        sent = self._sent.get(node)
        if sent is None or not np.array_equal(sent[0], each):
            kind = self.kind(node.dtype)
            sent = each, self._xp.asarray(each, dtype=kind, device=self._device)
            self._sent[node] = sent
        return sent[1]

    def name(self, node: Node) -> str:
        if node.is_scalar and depends_on_rates(node) and node not in self._dynamic:
            self._rates[node] = self.empty(self._room.shape[:1], node.dtype)
            self._dynamic[node] = f"r{len(self._rates) - 1}"
        return super().name(node)


def _why(error: BaseException) -> str:
    """Kind and words of the first error: the end of a capture may fail of it, too."""
    while error.__context__ is not None:
        error = error.__context__
    return f"{type(error).__name__}: {error}"


def _here(*_: Any) -> None:
    """One queue takes everything in order."""
