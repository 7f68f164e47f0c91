"""CuPy: one kernel for each chain of elementwise operations, and graphs of two branches."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import cupy
import numpy as np

from ...backends import Array, Backend
from ...backends import cublas as backend_cublas
from ..emit import Emitter, Program
from ..ir import BFLOAT16, ELEMENTWISE, OPTIONAL, Graph, Node, Pass, root_of
from ..memory import Library, Memory, Numbers
from ..passes import accumulate, fold_scale, widen
from ..plain import PlainRun, plain_forward
from ..runner import Runner
from ..schedule import Group
from ..step import Forward, ForwardRun, Run, Step
from ..target import PlanningTarget
from .cublas import Products
from .cuda_graph import Capture, DeviceNumbers, graph_runner
from .cupy_capture import CupyCapture, ProductsByBranch
from .cupy_kernel import Kernel
from .kernels import elementwise_source, gather_source, is_rowwise, random_source, rowwise_source
from .streams import Call, Span, side_by_side
from .sums import as_factor

__all__ = ["CupyEmitter", "CupyLibrary", "CupyTarget"]

_ONE_IN_BFLOAT16 = 0x3F80


class CupyTarget(PlanningTarget):
    """Calls with ``out=``, one kernel for each chain of elementwise operations and of sums over
    rows; a graph of some steps has two branches.

    Without a cuBLAS of its own there is no graph, and CuPy multiplies.

    Attributes
    ----------
    branches : int
        Two, or one: then all calls go one after another.
    functions : mapping of str to callable
        CuPy's own that are used.
    """

    branches, has, low = 2, OPTIONAL, BFLOAT16
    gathered, most_ahead = 2**24, 32
    reused = 2**25  # what uses a buffer again must wait for all that read it
    numbers = DeviceNumbers
    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {
        "copyto": cupy.copyto,
        "matmul": cupy.matmul,
        "take": cupy.take,
    }

    def plain(self, backend: Backend, step: Step) -> Run | None:
        # CuPy has no functions for bfloat16: there is no plain loop for it.
        return None if backend.compute_dtype == "bfloat16" else PlainRun(backend, step)

    def compile_forward(self, backend: Backend, forward: Forward) -> ForwardRun:
        return plain_forward(backend, forward)

    def multiplies(self) -> bool:
        """Whether there is a cuBLAS for products within a graph."""
        return backend_cublas.library() is not None

    def products(self, backend: Backend) -> ProductsByBranch:
        """The products of each branch."""
        tf32, found = backend.compute_dtype == "tf32", backend_cublas.library()
        return ProductsByBranch(Products(found, tf32) for _ in range(self.branches))

    def passes(self, backend: Backend, graph: Graph) -> Sequence[Pass]:
        return [widen, fold_scale, *[accumulate] * self.multiplies()]

    def library(self, backend: Backend, device: Any) -> Library:
        return CupyLibrary(backend, device, self.functions["take"])

    def emitter(
        self, backend: Backend, program: Program, memory: Memory, numbers: Numbers
    ) -> Emitter:
        products = self.products(backend) if self.multiplies() else None
        return CupyEmitter(program, memory, numbers, products, self.functions)

    def is_chained(self, backend: Backend, moving: dict[Node, str], node: Node) -> bool:
        return node.op in ELEMENTWISE

    def may_join(self, nodes: Sequence[Node]) -> bool:
        return is_rowwise(nodes)

    def body(self, emitter: Emitter) -> list[str]:
        assert isinstance(emitter, CupyEmitter)
        if self.branches == 1 or emitter.products is None:
            return super().body(emitter)
        calls = []
        for group in emitter.program.groups:
            if lines := emitter.lines(group):
                reads = _spans(emitter.program, (one for node in group.nodes for one in node.args))
                writes = _spans(emitter.program, group.nodes)
                calls.append(Call((*lines,), reads, writes, sum(map(_work, group.nodes))))
        return [*side_by_side(calls), *emitter.ending()]

    def runner(
        self, backend: Backend, emitter: Emitter, body: list[str], room: Array
    ) -> tuple[str, Runner]:
        assert isinstance(emitter, CupyEmitter)
        return graph_runner(emitter, body, room, self.capture(emitter.products))

    def capture(self, products: ProductsByBranch | None) -> Capture:
        """The capture of a plan's steps."""
        return CupyCapture(products, self.branches, self.functions["copyto"])


def _spans(program: Program, nodes: Iterable[Node]) -> tuple[Span, ...]:
    spans = {program.layout.span(one) for one in nodes}
    return tuple(one for one in spans if one is not None)


def _work(node: Node) -> float:
    """Rough time of a node on a recent GPU, in microseconds."""
    if node.op in ("matmul", "addmm"):
        left = node.args[-2]
        return 2.0 + 5e-8 * node.size * left.shape[1]
    return 1.0 + 3e-6 * node.size


class CupyLibrary(Library):
    """CuPy's arrays.

    Parameters
    ----------
    backend, device
        As of `Library`.
    take : callable
        CuPy's function.
    """

    def __init__(self, backend: Backend, device: Any, take: Callable[..., Any]) -> None:
        super().__init__(backend, device)
        self._take = take
        self._gathering = functools.cache(lambda *given: Kernel(gather_source(*given)))

    def kind(self, dtype: Any) -> Any:
        return super().kind(np.dtype("uint16") if dtype is BFLOAT16 else dtype)

    def gather(self, x: Array, rows: Array, out: Array) -> None:
        if x.flags.c_contiguous:
            self._gathering(x.dtype.name, x.shape[1])(rows[:, None], x[:1], out)
        else:
            self._take(x, rows, 0, out)


class CupyEmitter(Emitter):
    """Writes CuPy's calls.

    Parameters
    ----------
    program, memory, numbers
        As of `Emitter`.
    products : ProductsByBranch or None
        Multiply in place of CuPy.
    functions : mapping of str to callable
    """

    def __init__(
        self,
        program: Program,
        memory: Memory,
        numbers: Numbers,
        products: ProductsByBranch | None,
        functions: Mapping[str, Callable[..., Any]],
    ) -> None:
        super().__init__(program, memory, numbers)
        self.products = products
        self.functions = functions  # type: ignore[misc]

    def chain(self, group: Group) -> list[str]:
        make = rowwise_source if is_rowwise(group.nodes) else elementwise_source
        source = make(group.nodes, group.local)
        arrays = [self.name(node) for node in (*source.arguments, *source.results)]
        return [f"{self.bind(Kernel(source))}({', '.join(arrays)})"]

    def elementwise(self, node: Node, arguments: Sequence[str], out: str) -> list[str]:
        return self.chain(Group((node,), True))

    def random(self, node: Node) -> str:
        source = random_source(node.op, node.option, node.dtype.name)
        m, n = node.shape
        xp, device = self.library.xp, self.library.device
        samples = xp.arange(m, dtype=xp.uint32, device=device)[:, None]
        units = xp.arange(n, dtype=xp.uint32, device=device)[None, :]
        given = [self.name(node.args[0]), self.bind(samples), self.bind(units), self.name(node)]
        return f"{self.bind(Kernel(source))}({', '.join(given)})"

    def matmul(self, left: str, right: str, out: str) -> str:
        if self.products is None:
            return f"matmul({left}, {right}, out={out})"
        return f"{self.bind(self.products)}({left}, {right}, {out})"

    def accumulation(self, node: Node) -> str:
        axis, beta, sign = node.option
        out, *factors = (self.name(one) for one in node.args)
        if node.op == "addmv":
            return self._sum(node.args[1], self.memory[node.args[0]], axis, f"{sign}, {beta}")
        return f"{self.bind(self.products)}({', '.join(factors)}, {out}, {sign}, {beta})"

    def _sum(self, x: Node, out: Array, axis: int, numbers: str = "1.0, 0.0") -> str:
        """A line for a sum, which is a product with ones, and never in TF32."""
        ones = self.library.empty((x.shape[axis],), x.dtype)
        ones[...] = _ONE_IN_BFLOAT16 if x.dtype is BFLOAT16 else 1
        ones, out = as_factor(ones, out, axis)
        factors = [self.name(x)]
        factors.insert(axis, self.bind(ones))
        return (
            f"{self.bind(self.products)}({', '.join(factors)}, {self.bind(out)}, {numbers}, True)"
        )

    def reduction(self, node: Node) -> list[str]:
        axis, keepdims = node.option
        (x,) = node.args
        if node.op == "max":
            return [f"{self.name(x)}.max({axis}, {self.name(node)}, {keepdims})"]
        here = not {node, root_of(x)} & self.program.moving.keys()
        if self.products is not None and axis == 0 and here:
            array = self.memory[x]
            if array.dtype.itemsize in array.strides:
                return [self._sum(x, self.memory[node], axis)]
        return [f"{self.name(x)}.sum({axis}, None, {self.name(node)}, {keepdims})"]

    def copy(self, source: str, out: str) -> str:
        return f"copyto({out}, {source})"
