"""NumPy's plan of a step; apart from `numpy.py`, as ``import bpnet`` can do without it."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import itertools
from collections.abc import Callable, Generator, Sequence
from typing import Any, ClassVar

import numpy as np

from ..._lib.prefetch import Prefetcher
from ...backends.base import Array, Backend
from ...backends.counter_random import FIRST, SECOND
from ...backends.numpy import SHORT, ones
from ..plain import plain_forward, plain_run
from ..plan import planned, planned_forward
from ..rewriting import accumulate, scale_addends, spread_sums
from ..step import Forward, ForwardRun, Run, Step
from ..trace import ELEMENTWISE, PERHAPS, REWRITTEN, Graph, Node, depends_on_rates, numbers, root_of
from .blas import blas, pointer, threads
from .blocking import BlockwisePlan

__all__ = ["NumpyPlan", "compile_forward", "compile_step"]


def compile_step(backend: Backend, step: Step) -> Run:
    """See `bpnet.compiler.compile_step`."""
    return planned(backend, step, NumpyPlan, plain_run(backend, step))


def compile_forward(backend: Backend, forward: Forward) -> ForwardRun:
    """See `bpnet.compiler.compile_forward`."""
    return planned_forward(backend, forward, NumpyPlan, plain_forward(backend, forward))


def _add_product(left: Array, right: Array, out: Array, alpha: float, beta: float) -> None:
    """What BLAS does in one pass."""
    np.add(beta * out, alpha * (left @ right), out)


class NumpyPlan(BlockwisePlan):
    """Calls with ``out=``; chains over large arrays go block by block through the cache.

    Numbers are 0-d arrays of the right type, which NumPy handles twice as fast as Python's.
    """

    beside = 2**19
    """Entries of what a thread gathers at once while steps are made."""
    functions: ClassVar[dict[str, Callable[..., Any]]] = {
        "copyto": np.copyto,
        "dot": np.dot,
        "largest": np.maximum.reduce,
        "add_product": _add_product,
        **{name: getattr(np, name) for name in ELEMENTWISE - REWRITTEN - PERHAPS - {"astype"}},
    }

    @classmethod
    def rewrite(cls, graph: Graph, backend: Backend) -> None:
        super().rewrite(graph, backend)
        accumulate(graph)
        spread_sums(graph, SHORT)
        found = blas(graph.x.dtype.name)
        if found is not None and found.adds:
            scale_addends(graph, rates=True, alike=True)

    def __init__(
        self, backend: Backend, graph: Graph, state: Sequence[Array], *, once: bool = False
    ) -> None:
        self._held: list[Array] = []  # what lies where a call was told to read or write
        self._x_address = ctypes.c_void_p()
        super().__init__(backend, graph, state, once=once)
        self._slots = _slots(self._room)

    def fill(self, cell: Any, value: Any) -> None:
        if isinstance(cell, np.ndarray):
            cell[()] = value
        else:
            cell.value = float(value)

    def blockwise(self, node: Node, pieces: list[list[Array]]) -> list[Any]:
        return self._scaled_sums(node, pieces) if node.op == "addscaled" and all(pieces) else []

    def _scaled_sums(self, node: Node, pieces: list[list[Array]]) -> list[Any]:
        """BLAS's calls for an ``addscaled``, piece by piece; none if it cannot do them all."""
        found = blas(node.dtype.name)
        if found is None:
            return []
        number = found.number()
        calls = [found.scaled_sum(x, y, number, out) for x, y, out in zip(*pieces, strict=True)]
        if None in calls:
            return []
        self._held += itertools.chain(*pieces)
        if depends_on_rates(node.option):
            self._varying.append((node.option, number))
        else:
            self.fill(number, numbers(node.option, np.zeros((1, 0))))
        return calls

    def elementwise(self, node: Node, arguments: Sequence[str], out: str) -> list[str]:
        if node.op == "addscaled":
            x, y = arguments
            still = [[self._names[one]] for one in (x, y, out) if one in self._names]
            if len(still) == 3 and (calls := self._scaled_sums(node, still)):
                return [f"{self.bind(calls[0])}()"]
            return [f"add({x}, multiply({self.name(node.option)}, {y}), {out})"]
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
        """What the code calls a node's array, laid flat."""
        if node in self._dynamic:
            return f"{self.name(node)}.reshape(-1)"
        return self.bind(self.array(node).reshape(-1))

    def _row_maxima(self, x: Node, into: str) -> list[str]:
        """By the places of the maxima: ``maximum.reduce`` takes its time over each row."""
        m, n = x.shape
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
        out = self.array(into)
        arrays = [(self.name(one), self.array(one), self._address(one)) for one in factors]
        if node.op == "addmv":  # a sum is a product with ones
            vector = ones(arrays[0][1].shape[axis], node.dtype)
            vector, out = (
                (vector[None, :], out.reshape(1, -1))
                if axis == 0
                else (vector[:, None], out.reshape(-1, 1))
            )
            arrays.insert(axis, (self.bind(vector), vector, pointer(vector)))
        names, (left, right), addresses = zip(*arrays, strict=True)
        found = blas(node.dtype.name)
        if found is None or None in addresses or not (found.reads(left) and found.reads(right)):
            return f"add_product({', '.join(names)}, {self.bind(out)}, {sign}, {beta})"
        self._held += [left, right, out]
        call = found.product(left, right, out, alpha=sign, beta=beta, addresses=addresses)
        return f"{self.bind(call)}()"

    def random(self, node: Node) -> str:
        if node.op != "keep_mask":
            return super().random(node)
        probability, first = node.option
        mask = _KeepMask(node.shape, probability, first, node.dtype)
        return f"{self.bind(mask)}({self.bind(self.key(node.args[0]))}, {self.name(node)})"

    def _address(self, node: Node) -> Any:
        """Where an array lies, or will lie at each step; None where no name is kept for that."""
        if node is self._graph.x:
            return self._x_address
        return None if root_of(node) in self._dynamic else pointer(self.array(node))

    def batches(self, x: Array, order: Array) -> Generator[Array, None, None]:
        place, beside = self._x_address, self._leaves_a_core(x, order)
        rooms, slots = self._pair if beside else ([self._room], [self._slots])
        gathered: Any = self.gathered(x, order, rooms)
        with contextlib.closing(
            Prefetcher(gathered, "bpnet-gather") if beside else gathered
        ) as filled:
            for k in filled:
                for batch, place.value in slots[k]:
                    yield batch

    def _leaves_a_core(self, x: Array, order: Array) -> bool:
        """Whether rows come from main memory, many steps long, and BLAS needs one core only."""
        batch, theta = self._graph.x.size, self._graph.state[0].size
        small = len(self._room) > 1 and batch >= 2**10 and theta <= 2**17
        long = x.size >= 2**20 and order.size * x.shape[1] >= 4 * self.beside
        return small and long and threads() > 1

    @functools.cached_property
    def _pair(self) -> tuple[list[Array], list[list[tuple[Array, Any]]]]:
        """Two rooms for the samples of many steps, and their slots."""
        x = self._graph.x
        rooms = [*self.empty((2, self.beside // x.size, *x.shape), x.dtype)]
        return rooms, [_slots(room) for room in rooms]

    def copy(self, source: str, out: str) -> str:
        return f"copyto({out}, {source})"

    def gather(self, x: Array, rows: Array, out: Array) -> None:
        x.take(rows, 0, out, "clip")


def _slots(room: Array) -> list[tuple[Array, Any]]:
    """Mini-batches, and where each lies."""
    return [(batch, pointer(batch).value) for batch in room]


class _KeepMask:
    """`Namespace.keep_mask` in arrays made beforehand."""

    def __init__(self, shape: tuple[int, ...], probability: float, first: int, dtype: Any) -> None:
        m, n = shape
        self._samples = np.arange(first, first + m, dtype=np.uint32)[:, None]
        self._units = np.arange(n, dtype=np.uint32)[None, :]
        # The upper 24 bits are less than a number where all 32 are less than 256 times that.
        self._bound = np.asarray(min(round(probability * 2**24) << 8, 2**32 - 1), np.uint32)
        self._scale = np.asarray(1.0 / probability, dtype)
        self._bits, self._room = np.empty((2, m, n), np.uint32)
        self._kept = np.empty((m, n), bool)

    def __call__(self, key: Array, out: Array) -> None:
        own = key.astype(np.uint32).reshape(1, 1)
        rows = _mixed(self._samples ^ own)
        columns = _mixed(self._units ^ _mixed(~own))
        np.bitwise_xor(rows, columns, self._bits)
        _mix(self._bits, self._room)
        np.less(self._bits, self._bound, self._kept)
        np.copyto(out, self._kept)
        np.multiply(out, self._scale, out)


_SHIFTS = tuple(np.asarray(n, np.uint32) for n in (16, 15, 16))
_FACTORS = tuple(np.asarray(n, np.uint32) for n in (FIRST, SECOND))


def _mix(words: Array, room: Array) -> None:
    """``lowbias32``, in place."""
    for k, shift in enumerate(_SHIFTS):
        np.right_shift(words, shift, room)
        np.bitwise_xor(words, room, words)
        if k < len(_FACTORS):
            np.multiply(words, _FACTORS[k], words)


def _mixed(words: Array) -> Array:
    _mix(words, np.empty_like(words))
    return words
