"""NumPy on the CPU."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from ._base import Array, Availability, Backend, Forward, Namespace, Step
from ._plan import Plan, planned, planned_forward
from ._record import ELEMENTWISE, Node

__all__ = ["NumpyBackend"]


class NumpyBackend(Backend):
    """NumPy 2, which is its own array API namespace."""

    name = "numpy"
    xp = Namespace(np)

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
        return bool(np.logical_and.reduce(np.isfinite(x), axis=None))  # half of the time of `all`

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        return np.array(x)

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        # Training looks for what is not finite itself and says where; a warning adds nothing.
        return np.errstate(all="ignore")

    def compile(self, step: Step) -> Callable[..., tuple[Any, Array | None]]:
        return planned(self, step, NumpyPlan, super().compile(step))

    def compile_forward(self, forward: Forward) -> Callable[[Array, Array], Array]:
        return planned_forward(self, forward, NumpyPlan, super().compile_forward(forward))


class NumpyPlan(Plan):
    """Calls with ``out=``; chains over large arrays go block by block through the cache.

    Numbers are 0-d arrays of the right type, which NumPy handles twice as fast as Python's.
    """

    functions: ClassVar[dict[str, Callable[..., Any]]] = {
        "copyto": np.copyto,
        "dot": np.dot,
        "largest": np.maximum.reduce,
        **{name: getattr(np, name) for name in ELEMENTWISE - {"astype"}},
    }
    prologue = ("take = x.take",)

    def is_chained(self, node: Node) -> bool:
        large = node.size >= 2 * _BLOCK
        return node.op in ELEMENTWISE and large and not self.touches_dynamic(node)

    def chain(self, group: list[Node], local: set[Node]) -> list[str]:
        shape = group[0].shape
        rows = max(1, _BLOCK * shape[0] // group[0].size)
        bounds = [(r, min(r + rows, shape[0])) for r in range(0, shape[0], rows)]
        columns: dict[int, list[Array]] = {}
        held: dict[Node, _Blocks] = {}

        def name(node: Node) -> str:
            array = held[node] if node in local else self.array(node)
            if array.ndim < len(shape) or array.shape[0] != shape[0]:
                return self.bind(array)  # a number, or a row that goes with every block
            if id(array) not in columns:
                columns[id(array)] = [array[low:high] for low, high in bounds]
            return f"c{list(columns).index(id(array))}"

        body = []
        for k, node in enumerate(group):
            arguments = [name(one) for one in node.args]
            if node in local:
                later = group[k + 1 :]
                taken = [held[one] for one in held if any(use in later for use in self.uses[one])]
                if node.op == "where":  # writes its result in two goes
                    taken += [held[one] for one in node.args if one in held]
                free = (b for b in held.values() if b.dtype == node.dtype and b not in taken)
                held[node] = next(free, None) or _Blocks(rows, shape, node.dtype)
            body += self.elementwise(node, arguments, name(node))
        variables = ", ".join(f"c{k}" for k in range(len(columns)))
        blocks = list(zip(*columns.values(), strict=True))
        return [f"for {variables}, in {self.bind(blocks)}:", *(f"    {line}" for line in body)]

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

    def reduction(self, node: Node) -> str:
        axis, keepdims = node.option
        (x,) = node.args
        if node.op == "max":
            return f"largest({self.name(x)}, {axis}, None, {self.name(node)}, {keepdims})"
        # A product with ones is a sum, by BLAS and with a third of the overhead of `add.reduce`.
        ones = self.bind(_ones(x.shape[axis], node.dtype))
        pair = f"{ones}, {self.name(x)}" if axis == 0 else f"{self.name(x)}, {ones}"
        return f"dot({pair}, {self.bind(self.array(node).reshape(-1))})"

    def copy(self, source: str, out: str) -> str:
        return f"copyto({out}, {source})"

    def gather(self) -> str:
        return "take(rows, 0, x_k, 'clip')"


_BLOCK = 2**15  # elements of a block of a chain: some such blocks lie in a core's cache together


@functools.cache
def _ones(n: int, dtype: Any) -> Array:
    return np.ones(n, dtype)


class _Blocks:
    """A block's room, that stands for an array of which each block goes through it in turn."""

    def __init__(self, rows: int, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape, self.ndim, self.dtype = shape, len(shape), dtype
        self._room = np.empty((rows, *shape[1:]), dtype)

    def __getitem__(self, rows: slice) -> Array:
        return self._room[: rows.stop - rows.start]
