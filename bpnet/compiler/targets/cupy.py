"""CuPy: one kernel for each chain of elementwise operations, and graphs of two branches."""

from __future__ import annotations

import contextlib
import functools
import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar

import cupy
import numpy as np

from ...backends import cublas as backend_cublas
from ...backends.base import Array, Backend
from ..plain import plain_forward, plain_run
from ..plan import SCRATCH, planned
from ..rewriting import accumulate
from ..step import Forward, ForwardRun, Run, Step
from ..trace import BFLOAT16, ELEMENTWISE, Graph, Node, root_of
from . import cublas as _cublas
from .cuda_graph import GraphedPlan
from .kernels import (
    KERNEL_NAME,
    THREADS,
    KernelSource,
    cuda_code,
    elementwise_source,
    gather_source,
    is_rowwise,
    random_source,
    rowwise_source,
)
from .streams import Call, Span, side_by_side

__all__ = ["CupyPlan", "Kernel", "compile_forward", "compile_step"]

_ONE_IN_BFLOAT16 = 0x3F80


def compile_step(backend: Backend, step: Step) -> Run:
    """See `bpnet.compiler.compile_step`."""
    # CuPy has no functions for bfloat16: what a plan does not know it cannot do.
    plain = None if backend.compute_dtype == "bfloat16" else plain_run(backend, step)
    return planned(backend, step, CupyPlan, plain)


def compile_forward(backend: Backend, forward: Forward) -> ForwardRun:
    """See `bpnet.compiler.compile_forward`."""
    return plain_forward(backend, forward)


class CupyPlan(GraphedPlan):
    """Calls with ``out=``, one kernel for each chain of elementwise operations and of sums over
    rows; a graph of some steps has two branches.

    Without a cuBLAS of its own there is no graph, and CuPy multiplies.

    Attributes
    ----------
    branches : int
        Two, or one: then all calls go one after another.
    """

    functions: ClassVar[dict[str, Callable[..., Any]]] = {
        "copyto": cupy.copyto,
        "matmul": cupy.matmul,
        "take": cupy.take,
    }
    branches, has, low = 2, frozenset(("erf",)), BFLOAT16
    reused = 2**25  # what uses a buffer again must wait for all that read it

    @classmethod
    def rewrite(cls, graph: Graph, backend: Backend) -> None:
        super().rewrite(graph, backend)
        if cls.multiplies():
            accumulate(graph)

    def __init__(
        self, backend: Backend, graph: Graph, state: Sequence[Array], *, once: bool = False
    ) -> None:
        self._products: Any = self.products(backend) if self.multiplies() else None
        self.can_capture = self._products is not None
        self._gathering = functools.cache(lambda *given: Kernel(gather_source(*given)))
        self._calls: list[Call] = []
        super().__init__(backend, graph, state, once=once)

    # ------------------------------------------------------------------ cuBLAS and graphs

    @staticmethod
    def multiplies() -> bool:
        """Whether there is a cuBLAS for products within a graph."""
        return backend_cublas.library() is not None

    @classmethod
    def products(cls, backend: Backend) -> Any:
        """What multiplies in each branch; see `_cublas.Products`."""
        tf32 = backend.compute_dtype == "tf32"
        return _Products(
            _cublas.Products(backend_cublas.library(), tf32) for _ in range(cls.branches)
        )

    @staticmethod
    def stream() -> Any:
        """What the device is asked on."""
        return cupy.cuda.get_current_stream()

    @functools.cached_property
    def _pool(self) -> Any:
        """Memory that is taken during a capture: it stays the graphs'."""
        return cupy.cuda.MemoryPool()

    def capture(self, do: Callable[..., None]) -> Callable[[], Any]:
        branches, here = _Branches(self._products, self.branches), self.stream()
        try:
            with cupy.cuda.using_allocator(self._pool.malloc), branches.first, _no_collection():
                branches.first.begin_capture()
                try:
                    do(branches.at, branches.mark)
                finally:
                    graph = branches.first.end_capture()
        finally:
            here.use()  # which CuPy forgets if it was made the current one without a block
        launch: Callable[[], Any] = graph.launch
        return launch

    def ready(self) -> None:
        if self._products is not None:
            self._products.on(self.stream())

    def move(self, out: Array, x: Array) -> None:
        self.functions["copyto"](out, x)

    # ------------------------------------------------------------------ branches

    def _emit(self, group: list[Node]) -> None:
        before = len(self._lines)
        super()._emit(group)
        if lines := self._lines[before:]:
            reads = self._spans(one for node in group for one in node.args)
            self._calls.append(Call((*lines,), reads, self._spans(group), sum(map(_work, group))))

    def _finish(self) -> None:
        if self.branches > 1 and self._products is not None:
            self._lines = side_by_side(self._calls)
        super()._finish()

    def _spans(self, nodes: Iterable[Node]) -> tuple[Span, ...]:
        return tuple({span for one in nodes if (span := self._span(one)) is not None})

    def _span(self, node: Node) -> Span | None:
        """Where a node lies; None for what no step writes, or no memory holds."""
        root = root_of(node)
        if root in self._dynamic:
            return None if root.is_scalar else (self._dynamic[root], 0, 1)
        if node.is_scalar or (array := self.array(node)) is SCRATCH:
            return None
        start = self.address(array)
        last = sum((n - 1) * step for n, step in zip(array.shape, array.strides, strict=True))
        return "memory", start, start + last + array.dtype.itemsize

    @staticmethod
    def address(array: Array) -> int:
        """Of the first entry."""
        return int(array.data.ptr)

    # ------------------------------------------------------------------ calls

    def _groups(self) -> list[list[Node]]:
        """Chains, and the sums and largest entries over rows that lie between them, as one."""
        joined: list[list[Node]] = []
        for group in super()._groups():
            last = joined[-1] if joined else []
            shown = any(self._shows(node, one) for node in group for one in last)
            if last and not shown and is_rowwise([*last, *group]):
                last += group
            else:
                joined.append(group)
        return joined

    def is_chained(self, node: Node) -> bool:
        return node.op in ELEMENTWISE

    def chain(self, group: list[Node], local: set[Node]) -> list[str]:
        source = (rowwise_source if is_rowwise(group) else elementwise_source)(group, local)
        arrays = [self.name(node) for node in (*source.arguments, *source.results)]
        return [f"{self.bind(Kernel(source))}({', '.join(arrays)})"]

    def elementwise(self, node: Node, arguments: Sequence[str], out: str) -> list[str]:
        return self.chain([node], set())

    def kind(self, dtype: Any) -> Any:
        return super().kind(np.dtype("uint16") if dtype is BFLOAT16 else dtype)

    def random(self, node: Node) -> str:
        source = random_source(node.op, node.option, node.dtype.name)
        m, n = node.shape
        count = self._xp.arange
        samples = count(m, dtype=self._xp.uint32, device=self._device)[:, None]
        units = count(n, dtype=self._xp.uint32, device=self._device)[None, :]
        given = [self.name(node.args[0]), self.bind(samples), self.bind(units), self.name(node)]
        return f"{self.bind(Kernel(source))}({', '.join(given)})"

    def matmul(self, left: str, right: str, out: str) -> str:
        if self._products is None:
            return f"matmul({left}, {right}, out={out})"
        return f"{self.bind(self._products)}({left}, {right}, {out})"

    def accumulation(self, node: Node) -> str:
        axis, beta, sign = node.option
        out, *factors = (self.name(one) for one in node.args)
        if node.op == "addmv":
            return self._sum(node.args[1], self.array(node.args[0]), axis, f"{sign}, {beta}")
        return f"{self.bind(self._products)}({', '.join(factors)}, {out}, {sign}, {beta})"

    def _sum(self, x: Node, out: Array, axis: int, numbers: str = "1.0, 0.0") -> str:
        """A line for a sum, which is a product with ones, and never in TF32."""
        ones = self.empty((x.shape[axis],), x.dtype)
        ones[...] = _ONE_IN_BFLOAT16 if x.dtype is BFLOAT16 else 1
        out, ones = (
            (out.reshape(1, -1), ones[None, :])
            if axis == 0
            else (out.reshape(-1, 1), ones[:, None])
        )
        factors = [self.name(x)]
        factors.insert(axis, self.bind(ones))
        return (
            f"{self.bind(self._products)}({', '.join(factors)}, {self.bind(out)}, {numbers}, True)"
        )

    def reduction(self, node: Node) -> list[str]:
        axis, keepdims = node.option
        (x,) = node.args
        if node.op == "max":
            return [f"{self.name(x)}.max({axis}, {self.name(node)}, {keepdims})"]
        here = not {node, root_of(x)} & self._dynamic.keys()
        if self._products is not None and axis == 0 and here:
            array = self.array(x)
            if array.dtype.itemsize in array.strides:
                return [self._sum(x, self.array(node), axis)]
        return [f"{self.name(x)}.sum({axis}, None, {self.name(node)}, {keepdims})"]

    def copy(self, source: str, out: str) -> str:
        return f"copyto({out}, {source})"

    def gather(self, x: Array, rows: Array, out: Array) -> None:
        if x.flags.c_contiguous:
            self._gathering(x.dtype.name, x.shape[1])(rows[:, None], x[:1], out)
        else:
            self.functions["take"](x, rows, 0, out)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage is collected, as a handle in it would make the device wait, or refuse."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Kernel:
    """The kernel of a chain, made for arrays that lie in one way when they first come.

    Parameters
    ----------
    source : KernelSource
    """

    def __init__(self, source: KernelSource) -> None:
        self._source = source
        self._made: dict[Any, Callable[[tuple[Array, ...]], None]] = {}

    def __call__(self, *arrays: Array) -> None:
        lies = tuple((one.shape, one.strides) for one in arrays)
        if lies not in self._made:
            steps = [tuple(step // one.itemsize for step in one.strides) for one in arrays]
            text, blocks = cuda_code(self._source, [shape for shape, _ in lies], steps)
            self._made[lies] = functools.partial(_compiled(text), (blocks,), (THREADS,))
        self._made[lies](arrays)


@functools.cache
def _compiled(text: str) -> Any:
    """What launches a kernel; CuPy compiles it at its first call for each device."""
    return cupy.RawKernel(text, KERNEL_NAME)


class _Products:
    """One of some `Products`, each of which belongs to one stream."""

    def __init__(self, each: Iterable[Any]) -> None:
        self._each = [*each]
        self.use(0)

    def on(self, *streams: Any) -> None:
        """Queue on these streams what follows, on the first to begin with."""
        self.use(0)
        for one, stream in zip(self._each, streams, strict=False):
            one.on(stream)

    def use(self, k: int) -> None:
        """Go on with the k-th."""
        self._now = self._each[k]

    def __call__(self, *arguments: Any) -> None:
        self._now(*arguments)


class _Branches:
    """Streams that are captured together."""

    def __init__(self, products: Any, count: int) -> None:
        self._streams = [cupy.cuda.Stream(non_blocking=True) for _ in range(count)]
        self._products, self.first = products, self._streams[0]
        self._events: list[Any] = []  # must be there until the capture ends
        products.on(*self._streams)

    def at(self, k: int, *marks: Any) -> None:
        for event in marks:
            self._streams[k].wait_event(event)
        self._streams[k].use()
        self._products.use(k)

    def mark(self) -> Any:
        self._events.append(cupy.cuda.Event(disable_timing=True))
        self._events[-1].record(cupy.cuda.get_current_stream())
        return self._events[-1]


def _work(node: Node) -> float:
    """Microseconds that a node takes a recent GPU, roughly."""
    if node.op in ("matmul", "addmm"):
        left = node.args[-2]
        return 2.0 + 5e-8 * node.size * left.shape[1]
    return 1.0 + 3e-6 * node.size
