"""NumPy: calls with ``out=``; apart from the backend, as ``import bpnet`` can do without it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ...backends import Array, Backend
from ...backends.numpy import SHORT, ones
from ..emit import Emitter, Program
from ..ir import FUNCTIONS, Graph, Node, Pass, root_of
from ..memory import Library, Memory, Numbers
from ..passes import (
    accumulate,
    fill_bounds,
    fold_scale,
    scale_addends,
    spread_sums,
    straighten,
    widen,
)
from ..schedule import Group
from ..target import PlanningTarget
from .blas import BLAS, blas, pointer, threads
from .blocking import chain_lines, is_large
from .keep_mask import KeepMask
from .numpy_batches import AddressedBatches
from .sums import as_factor

__all__ = ["NumpyEmitter", "NumpyLibrary", "NumpyTarget"]

MANY = 64
"""Rows from which copying a small matrix transposed costs less than it saves."""


class NumpyTarget(PlanningTarget):
    """Calls with ``out=``; chains over large arrays go block by block through the cache.

    Numbers are 0-d arrays of the right type, which NumPy handles twice as fast as Python's.
    """

    by_blocks = True
    block = 2**15
    """As of `blocking.is_large`."""
    filled = 2**18
    """As ``most`` of `fill_bounds`."""
    narrow = range(8, 33)
    """As ``columns`` of `straighten`: OpenBLAS takes twice as long with AVX-512."""
    beside = 2**19
    """As of `AddressedBatches`."""

    def blas(self, dtype: str) -> BLAS | None:
        """The BLAS that adds products and multiples to arrays, or None."""
        return blas(dtype)

    def threads(self) -> int:
        """How many threads NumPy's BLAS may use."""
        return threads()

    def passes(self, backend: Backend, graph: Graph) -> Sequence[Pass]:
        spread = functools.partial(spread_sums, most=SHORT)
        fill = functools.partial(fill_bounds, most=self.filled)
        copy = functools.partial(straighten, rows=MANY, columns=self.narrow)
        passes: list[Pass] = [widen, fold_scale, accumulate, spread, fill, copy]
        found = self.blas(graph.x.dtype.name)
        if found is not None and found.adds:
            passes.append(functools.partial(scale_addends, rates=True, alike=True))
        return passes

    def library(self, backend: Backend, device: Any) -> Library:
        return NumpyLibrary(backend, device)

    def emitter(
        self, backend: Backend, program: Program, memory: Memory, numbers: Numbers
    ) -> NumpyEmitter:
        found = self.blas(program.graph.x.dtype.name)
        return NumpyEmitter(program, memory, numbers, found, self.block)

    def is_chained(self, backend: Backend, moving: dict[Node, str], node: Node) -> bool:
        return is_large(node, self.block, moving)

    def batches(self, emitter: Emitter, room: Array) -> AddressedBatches:
        assert isinstance(emitter, NumpyEmitter)
        graph, place = emitter.program.graph, emitter.x_address
        theta = graph.state[0].size
        return AddressedBatches(emitter.library, room, place, theta, self.beside, self.threads)


class NumpyLibrary(Library):
    """NumPy's arrays."""

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        return np.empty(shape, dtype)

    def fill(self, cell: Any, value: Any) -> None:
        if isinstance(cell, np.ndarray):
            cell[()] = value
        else:
            cell.value = float(value)

    def gather(self, x: Array, rows: Array, out: Array) -> None:
        x.take(rows, 0, out, "clip")


def _add_product(left: Array, right: Array, out: Array, alpha: float, beta: float) -> None:
    """What BLAS does in one pass."""
    np.add(beta * out, alpha * (left @ right), out)


class NumpyEmitter(Emitter):
    """Writes NumPy's calls.

    Parameters
    ----------
    program, memory, numbers
        As of `Emitter`.
    found : BLAS or None
        For products and multiples that are added to an array.
    block : int
        Entries of a block of a chain.

    Attributes
    ----------
    x_address : ctypes.c_void_p
        Address of the samples of a step; the runner updates it.
    """

    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {
        "copyto": np.copyto,
        "dot": np.dot,
        "largest": np.maximum.reduce,
        "add_product": _add_product,
        **{name: getattr(np, name) for name in FUNCTIONS},
    }

    def __init__(
        self, program: Program, memory: Memory, numbers: Numbers, found: BLAS | None, block: int
    ) -> None:
        super().__init__(program, memory, numbers)
        self._blas, self._block = found, block
        self.x_address = pointer(memory[program.graph.x])

    def chain(self, group: Group) -> list[str]:
        return chain_lines(self, group, self._block, self._calls)

    def _calls(self, node: Node, pieces: list[list[Array]]) -> list[Any]:
        return self._scaled_sums(node, pieces) if node.op == "addscaled" and all(pieces) else []

    def _scaled_sums(self, node: Node, pieces: list[list[Array]]) -> list[Any]:
        """BLAS's calls for an ``addscaled``, piece by piece; none if it cannot do them all."""
        if self._blas is None:
            return []
        number = self._blas.number()
        sums = zip(*pieces, strict=True)
        calls = [self._blas.scaled_sum(x, y, number, out) for x, y, out in sums]
        if None in calls:
            return []
        self.held += itertools.chain(*pieces)
        self.numbers.keep(node.args[-1], number)
        return calls

    def elementwise(self, node: Node, arguments: Sequence[str], out: str) -> list[str]:
        if node.op == "addscaled":
            x, y = arguments
            still = [[self.names[one]] for one in (x, y, out) if one in self.names]
            if len(still) == 3 and (calls := self._scaled_sums(node, still)):
                return [f"{self.bind(calls[0])}()"]
            return [f"add({x}, multiply({self.name(node.args[-1])}, {y}), {out})"]
        if node.op == "astype":
            return [f"copyto({out}, {arguments[0]}, 'unsafe')"]
        if node.op == "where":
            return [f"copyto({out}, where({', '.join(arguments)}))"]
        # By position is quicker, and deprecated for these two.
        keyword = "out=" if node.op in ("maximum", "minimum") else ""
        return [f"{node.op}({', '.join(arguments)}, {keyword}{out})"]

    def matmul(self, left: str, right: str, out: str) -> str:
        # `dot` has less to decide than `matmul`; it wants contiguous results, as all ours are.
        return f"dot({left}, {right}, {out})"

    def reduction(self, node: Node) -> list[str]:
        axis, keepdims = node.option
        (x,) = node.args
        if node.op == "max" and axis == 1 and x.shape[0] > 1:
            return self._row_maxima(x, self._flat(node))
        if node.op == "max":
            return [f"largest({self.name(x)}, {axis}, None, {self.name(node)}, {keepdims})"]
        # A product with ones is a sum, by BLAS and with a third of the overhead of `add.reduce`.
        vector = self.bind(ones(x.shape[axis], node.dtype))
        pair = f"{vector}, {self.name(x)}" if axis == 0 else f"{self.name(x)}, {vector}"
        return [f"dot({pair}, {self._flat(node)})"]

    def _flat(self, node: Node) -> str:
        """Name of a node's array as a vector."""
        if node in self.program.moving:
            return f"{self.name(node)}.reshape(-1)"
        return self.bind(self.memory[node].reshape(-1))

    def _row_maxima(self, x: Node, into: str) -> list[str]:
        """Row maxima without ``maximum.reduce`` over rows, which is slow if they are short."""
        m, n = x.shape
        if m >= MANY and n <= SHORT:  # argmax takes as long as it guesses wrong
            columns = self.bind(np.empty((n, m), x.dtype))
            return [
                f"copyto({columns}, {self.name(x)}.T)",
                f"largest({columns}, 0, None, {into})",
            ]
        places, first = self.bind(np.empty(m, np.intp)), self.bind(np.arange(0, m * n, n))
        rows = self.name(x)
        return [
            f"{rows}.argmax(1, {places})",
            f"add({places}, {first}, {places})",
            f"{rows}.take({places}, None, {into}, 'clip')",
        ]

    def accumulation(self, node: Node) -> str:
        axis, beta, sign = node.option
        into, *factors = node.args
        out = self.memory[into]
        arrays = [(self.name(one), self.memory[one], self._address(one)) for one in factors]
        if node.op == "addmv":
            vector, out = as_factor(ones(arrays[0][1].shape[axis], node.dtype), out, axis)
            arrays.insert(axis, (self.bind(vector), vector, pointer(vector)))
        names, (left, right), addresses = zip(*arrays, strict=True)
        found = self._blas
        if found is None or None in addresses or not (found.reads(left) and found.reads(right)):
            return f"add_product({', '.join(names)}, {self.bind(out)}, {sign}, {beta})"
        self.held += [left, right, out]
        call = found.product(left, right, out, alpha=sign, beta=beta, addresses=addresses)
        return f"{self.bind(call)}()"

    def _address(self, node: Node) -> Any:
        """Address of an array, updated for x at each step; None for other arrays that move."""
        if node is self.program.graph.x:
            return self.x_address
        moves = root_of(node) in self.program.moving
        return None if moves else pointer(self.memory[node])

    def random(self, node: Node) -> str:
        if node.op != "keep_mask":
            return super().random(node)
        probability, first = node.option
        mask = KeepMask(node.shape, probability, first, node.dtype)
        return f"{self.bind(mask)}({self.bind(self.key(node.args[0]))}, {self.name(node)})"

    def copy(self, source: str, out: str) -> str:
        return f"copyto({out}, {source})"
