"""NumPy on the CPU."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from ._base import Array, Availability, Backend, Forward, Namespace, Step
from ._blas import blas, pointer
from ._blocks import BlockwisePlan
from ._plan import planned, planned_forward
from ._random import FIRST, SECOND
from ._record import ELEMENTWISE, REWRITTEN, Graph, Node, root_of
from ._rewrite import accumulate, spread_sums

__all__ = ["NumpyBackend"]


def _max(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """The standard's ``max``; NumPy takes its time over short rows, not over columns."""
    if x.ndim != 2 or axis not in (1, -1) or x.shape[1] > _SHORT:
        return np.max(x, axis=axis, keepdims=keepdims)
    found = np.maximum.reduce(np.ascontiguousarray(x.T), 0)
    return found[:, None] if keepdims else found


def _sum(x: Array, /, *, axis: int | None = None, keepdims: bool = False, **given: Any) -> Array:
    """The standard's ``sum``; over short rows it is a product with ones, nine times as fast."""
    short = x.ndim == 2 and axis in (1, -1) and x.shape[1] <= _SHORT
    if not short or x.dtype.kind != "f" or given:
        return np.sum(x, axis=axis, keepdims=keepdims, **given)
    found = np.dot(x, _ones(x.shape[1], x.dtype))
    return found[:, None] if keepdims else found


def _argmax(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """The standard's ``argmax``, with less to decide before it begins."""
    return x.argmax(axis, keepdims=keepdims)


class NumpyBackend(Backend):
    """NumPy 2, which is its own array API namespace."""

    name = "numpy"
    xp: Any = Namespace(np)
    xp.max = _max
    xp.sum = _sum
    xp.argmax = _argmax
    at_once = 2**16

    @classmethod
    def probe(cls) -> Availability:
        return Availability(cls.name, np.__version__, ("cpu",))

    def owns(self, x: object) -> bool:
        return isinstance(x, np.ndarray)

    def device_of(self, x: Array) -> str:
        return "cpu"

    def from_host(self, x: np.ndarray[Any, Any], dtype: str) -> Array:
        return np.array(x, dtype=dtype, order="C")

    def as_own(self, x: Array, name: str, dtype: str) -> Array:
        if x.dtype.kind not in "biuf":
            raise TypeError(
                f"{name} has dtype {x.dtype}: real numbers are needed; "
                f"convert it first, as by {name}.astype('float32')"
            )
        return np.asarray(x, dtype=dtype)

    def all_finite(self, x: Array) -> bool:
        if x.dtype.kind == "f" and x.flags.c_contiguous:
            flat = x.reshape(-1)
            if math.isfinite(np.dot(flat, flat)):  # in one pass; what overflows is looked at below
                return True
        return bool(np.logical_and.reduce(np.isfinite(x), axis=None))  # half of the time of `all`

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        return np.array(x)

    def overwritten(self, x: Array, values: Array) -> Array:
        np.copyto(x, values)
        return x

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        # Training looks for what is not finite itself and says where; a warning adds nothing.
        return np.errstate(all="ignore")

    def compile(self, step: Step) -> Callable[..., tuple[Any, Array | None]]:
        return planned(self, step, NumpyPlan, super().compile(step))

    def compile_forward(self, forward: Forward) -> Callable[[Any, Array], Array]:
        return planned_forward(self, forward, NumpyPlan, super().compile_forward(forward))


def _add_product(left: Array, right: Array, out: Array, alpha: float, beta: float) -> None:
    """What BLAS does in one pass."""
    np.add(beta * out, alpha * (left @ right), out)


class NumpyPlan(BlockwisePlan):
    """Calls with ``out=``; chains over large arrays go block by block through the cache.

    Numbers are 0-d arrays of the right type, which NumPy handles twice as fast as Python's.
    """

    functions: ClassVar[dict[str, Callable[..., Any]]] = {
        "copyto": np.copyto,
        "dot": np.dot,
        "largest": np.maximum.reduce,
        "add_product": _add_product,
        **{name: getattr(np, name) for name in ELEMENTWISE - REWRITTEN - {"astype"}},
    }

    @classmethod
    def rewrite(cls, graph: Graph, backend: Backend) -> None:
        super().rewrite(graph, backend)
        accumulate(graph)
        spread_sums(graph, _SHORT)

    def __init__(
        self, backend: Backend, graph: Graph, state: Sequence[Array], *, once: bool = False
    ) -> None:
        self._held: list[Array] = []  # what lies where a call was told to read or write
        self._x_address = ctypes.c_void_p()
        super().__init__(backend, graph, state, once=once)
        self._slots = [(batch, pointer(batch).value) for batch in self._room]

    def elementwise(self, node: Node, arguments: Sequence[str], out: str) -> list[str]:
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
        if node.op == "max" and axis == 1 and x.shape[1] <= _SHORT and x.shape[0] > _FEW:
            columns = self.bind(self.empty(x.shape[::-1], x.dtype))
            out = self.bind(self.array(node).reshape(-1))
            return [f"copyto({columns}, {self.name(x)}.T)", f"largest({columns}, 0, None, {out})"]
        if node.op == "max":
            return [f"largest({self.name(x)}, {axis}, None, {self.name(node)}, {keepdims})"]
        # A product with ones is a sum, by BLAS and with a third of the overhead of `add.reduce`.
        ones = self.bind(_ones(x.shape[axis], node.dtype))
        pair = f"{ones}, {self.name(x)}" if axis == 0 else f"{self.name(x)}, {ones}"
        return [f"dot({pair}, {self.bind(self.array(node).reshape(-1))})"]

    def accumulation(self, node: Node) -> str:
        axis, beta, sign = node.option
        into, *factors = node.args
        out = self.array(into)
        arrays = [(self.name(one), self.array(one), self._address(one)) for one in factors]
        if node.op == "addmv":  # a sum is a product with ones
            ones = _ones(arrays[0][1].shape[axis], node.dtype)
            ones, out = (
                (ones[None, :], out.reshape(1, -1))
                if axis == 0
                else (ones[:, None], out.reshape(-1, 1))
            )
            arrays.insert(axis, (self.bind(ones), ones, pointer(ones)))
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

    def batches(self, x: Array, order: Array) -> Iterator[Array]:
        place = self._x_address
        for _ in self.gathered(x, order):
            for batch, place.value in self._slots:
                yield batch

    def copy(self, source: str, out: str) -> str:
        return f"copyto({out}, {source})"

    def gather(self, x: Array, rows: Array, out: Array) -> None:
        x.take(rows, 0, out, "clip")


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


# Columns that a row had better not be gone through alone, and rows of which that does not matter.
_SHORT, _FEW = 64, 16


@functools.cache
def _ones(n: int, dtype: Any) -> Array:
    return np.ones(n, dtype)
