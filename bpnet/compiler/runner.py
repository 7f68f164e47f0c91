"""Runners: they own the arrays of a plan and step through mini-batches."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from typing import Any, Protocol

import numpy as np

from ..backends import Array
from .ir import Graph, Node
from .memory import Library
from .scalars import evaluate

__all__ = [
    "FORWARD",
    "LOOP",
    "Batches",
    "ForwardRunner",
    "LoopRunner",
    "Runner",
    "each_step",
    "table_of",
]

LOOP = """\
def run(batches, targets, outputs, varying, stop, fill, *, {bound}):
    for k, (y_k, z_k, x_k) in enumerate(zip(targets, outputs, batches)):
        if stop():
            return k
        for cell, values in varying:
            fill(cell, values[k])
{body}\
    return len(targets)
"""
FORWARD = """\
def run(x_k, z_k, *, {bound}):
    if True:
{body}\
"""


class Runner(Protocol):
    """Performs the steps of a plan; not re-entrant, because it reuses its arrays."""

    def run(
        self,
        x: Array,
        y: Array,
        order: Array,
        rates: Sequence[tuple[float, ...]],
        stop: Callable[[], bool],
    ) -> tuple[int, Array]:
        """Do a step for each row of ``order``; see `bpnet.compiler.Run`.

        Returns
        -------
        done : int
            Number of steps performed.
        outputs : array, shape (steps, batch size, n_L)
        """


def table_of(rates: Sequence[tuple[float, ...]]) -> np.ndarray[Any, Any]:
    """The rates of each step, one row per step; a single row if all are equal."""
    if rates.count(rates[0]) == len(rates):
        rates = rates[:1]
    return np.asarray(rates, dtype=np.float64).reshape(len(rates), -1)


def each_step(node: Node, table: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The value of a number for each row of a table, in the number's dtype."""
    values = np.empty(len(table), node.dtype)
    values[...] = evaluate(node, table)
    return values


class Batches:
    """The samples of each step, gathered for several small steps at a time.

    Parameters
    ----------
    library : Library
    room : array, shape (steps at once, batch size, n_0)
    """

    def __init__(self, library: Library, room: Array) -> None:
        self._library, self._room = library, room

    def __call__(self, x: Array, order: Array) -> Generator[Array, None, None]:
        """Yield the samples of each step; those after the last step are arbitrary."""
        each = [*self._room]
        for _ in self.gathered(x, order, [self._room]):
            yield from each

    def gathered(
        self, x: Array, order: Array, rooms: Sequence[Array]
    ) -> Generator[int, None, None]:
        """Fill the rooms in turn; yield the index of the one just filled."""
        ahead, size, *rest = rooms[0].shape
        flat = [room.reshape(ahead * size, *rest) for room in rooms]
        for k, start in enumerate(range(0, order.shape[0], ahead)):
            rows = order[start : start + ahead].reshape(-1)
            self._library.gather(x, rows, flat[k % len(flat)][: rows.shape[0]])
            yield k % len(flat)


class LoopRunner:
    """A loop over mini-batches.

    Parameters
    ----------
    function : callable
        Made of `LOOP`.
    graph : Graph
    library : Library
    varying : list of (Node, cell)
        As of `Numbers`.
    batches : callable
        As of `Batches`.
    held : list, optional
        Objects that must live as long as the function.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        graph: Graph,
        library: Library,
        varying: Sequence[tuple[Node, Any]],
        batches: Callable[[Array, Array], Generator[Array, None, None]],
        held: Sequence[Any] = (),
    ) -> None:
        self._function, self._library, self._varying = function, library, varying
        self._batches, self._held = batches, held
        self._y_shape, self._z = graph.y.shape, graph.z

    def run(
        self,
        x: Array,
        y: Array,
        order: Array,
        rates: Sequence[tuple[float, ...]],
        stop: Callable[[], bool],
    ) -> tuple[int, Array]:
        steps, z, library = order.shape[0], self._z, self._library
        outputs = library.empty((steps, *z.shape), z.dtype)
        targets = library.xp.take(y, order.reshape(-1), axis=0).reshape(steps, *self._y_shape)
        table, varying = table_of(rates), []
        for node, cell in self._varying:
            values = each_step(node, table)
            library.fill(cell, values[0])
            if len(values) > 1 and not (values == values[0]).all():
                varying.append((cell, values))
        with contextlib.closing(self._batches(x, order)) as batches:
            done = self._function(batches, targets, outputs, varying, stop, library.fill)
        return done, outputs


class ForwardRunner:
    """One forward pass at a time.

    Parameters
    ----------
    function : callable
        Made of `FORWARD`.
    new_z : callable
        Makes an array for the weighted inputs z of the output layer.
    held : list, optional
    """

    def __init__(
        self, function: Callable[..., Any], new_z: Callable[[], Array], held: Sequence[Any] = ()
    ) -> None:
        self._function, self._new_z, self._held = function, new_z, held

    def forward(self, x: Array) -> Array:
        """z, of samples of the traced shape."""
        z = self._new_z()
        self._function(x, z)
        return z
