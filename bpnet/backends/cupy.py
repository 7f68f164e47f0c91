"""CuPy on a CUDA GPU."""

from __future__ import annotations

import contextlib
import functools
import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import array_api_compat.cupy
import cupy
import cupyx.scipy.special
import numpy as np
from cupy.cuda import runtime

from . import _cublas
from ._base import Array, Availability, Backend, Namespace, Step, Uploads
from ._kernels import chain_source, random_source
from ._plan import Plan, planned
from ._record import ELEMENTWISE, Graph, Node, depends_on_rates, numbers
from ._rewrite import accumulate

__all__ = ["CupyBackend"]

# CUDA's status numbers for a driver that is absent or too old, and for a machine without a GPU.
_INSUFFICIENT_DRIVER, _NO_DEVICE = 35, 100


_thread = threading.local()


def _clip(x: Array, /, min: Any = None, max: Any = None) -> Array:
    """The standard's ``clip`` in one kernel.

    That of array_api_compat selects by masks, and so waits for the device at each bound.
    """
    return x.clip(min, max)


class CupyBackend(Backend):
    """CuPy's arrays on one CUDA device; every call is queued on the device's current stream."""

    name = "cupy"
    xp: Any = Namespace(array_api_compat.cupy, cupyx.scipy.special.erf)
    xp.clip = _clip

    def __init__(self, device: str, dtype: str) -> None:
        super().__init__(device, dtype)
        self._device = cupy.cuda.Device(int(device.partition(":")[2] or 0))

    @classmethod
    def probe(cls) -> Availability:
        devices, obstacle = _look()
        reason = f"cupy {cupy.__version__} {obstacle}" if obstacle else ""
        return Availability(cls.name, cupy.__version__, devices, reason)

    def lacks_compute(self, compute_dtype: str) -> str:
        return {
            "bfloat16": "CuPy has no functions for it",
            "tf32": "CuPy takes it for all products where CUPY_TF32=1 is set, and cannot be asked",
        }.get(compute_dtype, "")

    def owns(self, x: object) -> bool:
        return isinstance(x, cupy.ndarray)

    def device_of(self, x: Array) -> str:
        return f"cuda:{x.device.id}"

    def from_host(self, x: np.ndarray[Any, Any], dtype: str) -> Array:
        # CuPy reads pinned memory while the caller goes on, and may adopt memory that CPU and GPU
        # share: it is given a copy of its own, unless the caller waits for the device to have one.
        with self._device:
            if getattr(_thread, "waits", False):
                return cupy.array(np.asarray(x, dtype=dtype, order="C"), copy=True)
            return cupy.asarray(np.array(x, dtype=dtype, order="C"))

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        with self._device:  # whose current stream is waited for
            # Without `out`, memory that CPU and GPU share would not be copied.
            copied: np.ndarray[Any, Any] = x.get(out=np.empty(x.shape, x.dtype))
            return copied

    def copy(self, x: Array) -> Array:
        return x.copy()

    def overwritten(self, x: Array, values: Array) -> Array:
        x[...] = values
        return x

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        device: contextlib.AbstractContextManager[Any] = self._device  # may be entered again inside
        return device

    def compile(self, step: Step) -> Callable[..., tuple[Any, Array | None]]:
        return planned(self, step, CupyPlan, super().compile(step))

    def uploads(self) -> Uploads:
        return _Uploads(self)

    def synchronize(self) -> None:
        self._device.synchronize()


class _Uploads(Uploads):
    """A stream of its own, in which CuPy copies from pinned memory.

    What it brings lies in memory of this stream's. That comes back to it when nothing refers to it
    any more, which may be before the device has read it: so the stream waits for `done`.
    """

    def __init__(self, backend: CupyBackend) -> None:
        super().__init__(backend)
        with backend.scope():
            self._stream = cupy.cuda.Stream(non_blocking=True)
            self._read = cupy.cuda.Event(disable_timing=True)

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        with self._backend.scope(), self._stream:
            self._stream.wait_event(self._read)
            _thread.waits = True
            try:
                yield
            finally:
                _thread.waits = False
                self._stream.synchronize()

    def done(self) -> None:
        with self._backend.scope():
            self._read.record()


class CupyPlan(Plan):
    """Calls with ``out=``, one kernel for each chain of elementwise operations, and all of it for
    some steps as one CUDA graph.

    What varies from step to step lies on the device: rows of samples, targets and rates for some
    steps at once. The first of such blocks is done call by call, which compiles the kernels; then
    the same calls are captured, and each block after that is one launch. So are the fewer steps
    that are left over, the second time there are as many. Without a cuBLAS of its own there is no
    graph, and CuPy multiplies.

    Attributes
    ----------
    captured : set of int
        For how many steps there is a graph.
    obstacle : Exception or None
        Why the capture failed, if it did.
    """

    functions: ClassVar[dict[str, Callable[..., Any]]] = {
        "copyto": cupy.copyto,
        "matmul": cupy.matmul,
        "take": cupy.take,
    }
    ahead, most_ahead = 2**22, 32
    template = """\
def run(x_k, y_k, z_k, rates, *, {bound}):
    if True:
        {rates} = rates
{body}\
"""

    obstacle: Exception | None = None

    @classmethod
    def rewrite(cls, graph: Graph, backend: Backend) -> None:
        super().rewrite(graph, backend)
        if cls.multiplies():
            accumulate(graph)

    def __init__(
        self, backend: Backend, graph: Graph, state: Sequence[Array], *, once: bool = False
    ) -> None:
        self._products: Any = self.products() if self.multiplies() else None
        self._rates: dict[Node, Array] = {}
        self._launches: dict[int, Callable[[], Any]] = {}
        self._seen: set[int] = set()
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

    # ------------------------------------------------------------------ cuBLAS and graphs

    @staticmethod
    def multiplies() -> bool:
        """Whether there is a cuBLAS for products within a graph."""
        return _cublas.library() is not None

    @staticmethod
    def products() -> Any:
        """What multiplies; see `_cublas.Products`."""
        return _cublas.Products(_cublas.library())

    @staticmethod
    def stream() -> Any:
        """What the device is asked on."""
        return cupy.cuda.get_current_stream()

    @property
    def captured(self) -> set[int]:
        return set(self._launches)

    @functools.cached_property
    def _pool(self) -> Any:
        """Memory that is taken during a capture: it stays the graphs'."""
        return cupy.cuda.MemoryPool()

    def capture(self, do: Callable[[], None]) -> Callable[[], Any]:
        """What a function asks of the device, to be launched again and again."""
        stream = cupy.cuda.Stream(non_blocking=True)
        with cupy.cuda.using_allocator(self._pool.malloc), stream, _no_collection():
            self._products.on(stream)
            stream.begin_capture()
            try:
                do()
            finally:
                graph = stream.end_capture()
        launch: Callable[[], Any] = graph.launch
        return launch

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
        if self._products is not None:
            self._products.on(self.stream())
        for first in range(0, steps, len(self._slots)):
            if stop():
                return first, outputs
            count = min(len(self._slots), steps - first)
            rows = order[first : first + count].reshape(-1)
            for samples, room in ((x, self._room), (y, self._targets)):
                self.gather(samples, rows, room[:count].reshape(-1, *room.shape[2:]))
            for room, each in zip(self._rates.values(), values, strict=True):
                self.functions["copyto"](room[:count], each[first : first + count])
            self._do(count)
            self.functions["copyto"](outputs[first : first + count], self._outputs[:count])
        return steps, outputs

    def _do(self, count: int) -> None:
        """Some steps, on what lies in their slots."""
        if (launch := self._launches.get(count)) is not None:
            launch()
            return
        self._first(count)
        whole = self._products is not None and self.obstacle is None
        if whole and (count == len(self._slots) or count in self._seen):
            try:
                self._launches[count] = self.capture(functools.partial(self._first, count))
            except Exception as error:  # whatever the driver or cuBLAS raise: it goes on without
                self.obstacle = error
            self._products.on(self.stream())
        self._seen.add(count)

    def _first(self, count: int) -> None:
        """The first so many slots' steps, call by call."""
        for slot in self._slots[:count]:
            self._run(*slot)

    def _on_device(self, node: Node, table: np.ndarray[Any, Any], steps: int) -> Array:
        """A number of each step, moved at once."""
        each = np.broadcast_to(numbers(node, table), len(table)).astype(node.dtype)
        return self._xp.asarray(np.resize(each, steps), dtype=each.dtype, device=self._device)

    # ------------------------------------------------------------------ calls

    def name(self, node: Node) -> str:
        if node.is_scalar and depends_on_rates(node) and node not in self._dynamic:
            self._rates[node] = self.empty(self._room.shape[:1], node.dtype)
            self._dynamic[node] = f"r{len(self._rates) - 1}"
        return super().name(node)

    def is_chained(self, node: Node) -> bool:
        return node.op in ELEMENTWISE

    def chain(self, group: list[Node], local: set[Node]) -> list[str]:
        source = chain_source(group, local)
        kernel = _kernel(source.inputs, source.outputs, source.body)
        arrays = [self.name(node) for node in (*source.arguments, *source.results)]
        return [f"{self.bind(kernel)}({', '.join(arrays)})"]

    def elementwise(self, node: Node, arguments: Sequence[str], out: str) -> list[str]:
        return self.chain([node], set())

    def random(self, node: Node) -> str:
        source = random_source(node.op, node.option, node.dtype.name)
        m, n = node.shape
        count = self._xp.arange
        samples = count(m, dtype=self._xp.uint32, device=self._device)[:, None]
        units = count(n, dtype=self._xp.uint32, device=self._device)[None, :]
        given = [self.name(node.args[0]), self.bind(samples), self.bind(units), self.name(node)]
        return f"{self.bind(_kernel(*source))}({', '.join(given)})"

    def matmul(self, left: str, right: str, out: str) -> str:
        if self._products is None:
            return f"matmul({left}, {right}, out={out})"
        return f"{self.bind(self._products)}({left}, {right}, {out})"

    def accumulation(self, node: Node) -> str:
        axis, beta, sign = node.option
        out, *factors = (self.name(one) for one in node.args)
        if node.op == "addmv":  # a sum is a product with ones
            x = node.args[1]
            ones = self._xp.ones_like(self.empty((x.shape[axis],), node.dtype))
            vector = self.array(node.args[0])
            vector, ones = (
                (vector.reshape(1, -1), ones[None, :])
                if axis == 0
                else (vector.reshape(-1, 1), ones[:, None])
            )
            out = self.bind(vector)
            factors.insert(axis, self.bind(ones))
        return f"{self.bind(self._products)}({', '.join(factors)}, {out}, {sign}, {beta})"

    def reduction(self, node: Node) -> list[str]:
        axis, keepdims = node.option
        (x,) = node.args
        if node.op == "max":
            return [f"{self.name(x)}.max({axis}, {self.name(node)}, {keepdims})"]
        return [f"{self.name(x)}.sum({axis}, None, {self.name(node)}, {keepdims})"]

    def copy(self, source: str, out: str) -> str:
        return f"copyto({out}, {source})"

    def gather(self, x: Array, rows: Array, out: Array) -> None:
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


@functools.cache
def _kernel(inputs: str, outputs: str, body: str) -> Any:
    """The kernel of a chain; CuPy compiles it at its first call for each device."""
    return cupy.ElementwiseKernel(inputs, outputs, body, "bpnet_chain")


def _look() -> tuple[tuple[str, ...], str]:
    """The devices that compute, and in words why there are none."""
    try:
        count = runtime.getDeviceCount()
    except Exception as error:  # a CUDARuntimeError, or whatever a broken installation raises
        return (), f"is installed but {_why_uncounted(error)}"
    if count == 0:
        return (), "is installed but no CUDA device was found"
    try:
        # A device is counted also where the toolkit's libraries or headers are missing: one product
        # loads cuBLAS, one sum compiles a kernel.
        ones = cupy.ones((2, 2), dtype=cupy.float32)
        float((ones @ ones).sum())
    except Exception as error:  # whatever the driver, cuBLAS or NVRTC raise
        busy = isinstance(error, runtime.CUDARuntimeError | MemoryError)
        question = "" if busy else ": are the CUDA toolkit's libraries installed?"
        sees = f"sees {count} CUDA device{'s' * (count > 1)} but cannot compute"
        return (), f"{sees} ({_told(error)}){question}"
    return tuple(f"cuda:{index}" for index in range(count)), ""


def _why_uncounted(error: Exception) -> str:
    status = getattr(error, "status", None)
    if status == _NO_DEVICE:
        return "no CUDA device was found"
    if status == _INSUFFICIENT_DRIVER:
        driver, needed = runtime.driverGetVersion(), runtime.runtimeGetVersion()
        if driver == 0:
            return "no CUDA driver was found"
        older = "bpnet-xp[cuda12] suits it, or " if driver // 1000 == 12 < needed // 1000 else ""
        return (
            f"the CUDA driver is too old: it serves CUDA {_dotted(driver)}, and this cupy needs "
            f"{_dotted(needed)}; {older}a newer driver does"
        )
    return f"CUDA does not answer ({_told(error)})"


def _dotted(version: int) -> str:
    """``"12.4"`` of 12040."""
    return f"{version // 1000}.{version % 1000 // 10}"


def _told(error: Exception) -> str:
    """Kind and first line of an error."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
