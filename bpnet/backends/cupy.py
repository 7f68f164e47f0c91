"""CuPy on a CUDA GPU."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import array_api_compat.cupy
import cupy
import cupyx.scipy.special
import numpy as np
from cupy.cuda import runtime

from ._base import Array, Availability, Backend, Namespace, Step, Uploads
from ._kernels import chain_source, keep_mask_source
from ._plan import Plan, planned
from ._record import ELEMENTWISE, Node

__all__ = ["CupyBackend"]

# CUDA's status numbers for a driver that is absent or too old, and for a machine without a GPU.
_INSUFFICIENT_DRIVER, _NO_DEVICE = 35, 100


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
        # share: it is given a copy of its own.
        with self._device:
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
            yield
            self._stream.synchronize()

    def done(self) -> None:
        with self._backend.scope():
            self._read.record()


class CupyPlan(Plan):
    """Calls with ``out=``, and one kernel for each chain of elementwise operations.

    Constants stand in the kernels; rates are handed to them by value, so that no step moves
    anything to the device.
    """

    functions: ClassVar[dict[str, Callable[..., Any]]] = {
        "copyto": cupy.copyto,
        "matmul": cupy.matmul,
    }

    def cell(self, dtype: Any) -> Any:
        return np.zeros((), dtype)

    def is_chained(self, node: Node) -> bool:
        return node.op in ELEMENTWISE

    def chain(self, group: list[Node], local: set[Node]) -> list[str]:
        source = chain_source(group, local)
        kernel = _kernel(source.inputs, source.outputs, source.body)
        arrays = [self._argument(node) for node in source.arguments]
        arrays += [self.name(node) for node in source.results]
        return [f"{self.bind(kernel)}({', '.join(arrays)})"]

    def _argument(self, node: Node) -> str:
        return f"{self.name(node)}[()]" if node.is_scalar else self.name(node)

    def elementwise(self, node: Node, arguments: Sequence[str], out: str) -> list[str]:
        return self.chain([node], set())

    def random(self, node: Node) -> str:
        if node.op != "keep_mask":
            return super().random(node)
        probability, first = node.option
        kernel = _kernel(*keep_mask_source(probability, first, node.dtype.name))
        m, n = node.shape
        count = self._xp.arange
        samples = count(m, dtype=self._xp.uint32, device=self._device)[:, None]
        units = count(n, dtype=self._xp.uint32, device=self._device)[None, :]
        key, out = self.bind(self.key(node.args[0])), self.name(node)
        given = f"{key}[()], {self.bind(samples)}, {self.bind(units)}, {out}"
        return f"{self.bind(kernel)}({given})"

    def matmul(self, left: str, right: str, out: str) -> str:
        return f"matmul({left}, {right}, out={out})"

    def reduction(self, node: Node) -> list[str]:
        axis, keepdims = node.option
        (x,) = node.args
        if node.op == "max":
            return [f"{self.name(x)}.max({axis}, {self.name(node)}, {keepdims})"]
        return [f"{self.name(x)}.sum({axis}, None, {self.name(node)}, {keepdims})"]

    def copy(self, source: str, out: str) -> str:
        return f"copyto({out}, {source})"

    def gather(self, x: Array, rows: Array, out: Array) -> None:
        cupy.take(x, rows, 0, out)


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
