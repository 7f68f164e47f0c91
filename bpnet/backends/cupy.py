"""CuPy on a CUDA GPU."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import array_api_compat.cupy
import cupy
import cupyx
import cupyx.scipy.special
import numpy as np
from cupy._core import _routines_linalg
from cupy.cuda import runtime

from . import cublas
from .base import Array, Availability, Backend, Namespace, Uploads

__all__ = ["CupyBackend"]

# CUDA's status numbers for a driver that is absent or too old, and for a machine without a GPU.
_INSUFFICIENT_DRIVER, _NO_DEVICE = 35, 100
_TF32 = 7  # what CuPy calls this way of multiplying


_thread = threading.local()


def _clip(x: Array, /, min: Any = None, max: Any = None) -> Array:
    """The standard's ``clip`` in one kernel.

    That of array_api_compat selects by masks, and so waits for the device at each bound.
    """
    return x.clip(min, max)


class CupyBackend(Backend):
    """CuPy's arrays on one CUDA device; every call is queued on the device's current stream."""

    name = "cupy"
    target = "bpnet.compiler.targets.cupy:CupyTarget"
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
        if compute_dtype == "float16":
            return ""
        if int(self._device.compute_capability) < 80:
            return f"a GPU of compute capability {self._device.compute_capability} has none"
        if compute_dtype == "bfloat16" and cublas.library() is None:
            return "the library of cuBLAS was not found, and CuPy multiplies no such matrices"
        return ""

    def owns(self, x: object) -> bool:
        return isinstance(x, cupy.ndarray)

    def device_of(self, x: Array) -> str:
        return f"cuda:{x.device.id}"

    def from_host(self, x: np.ndarray[Any, Any], dtype: str) -> Array:
        # CuPy reads pinned memory while the caller goes on, and may adopt memory that CPU and GPU
        # share: it is given a copy of its own, unless the caller waits for the device to have one.
        with self._device:
            if not getattr(_thread, "waits", False):
                return cupy.asarray(np.array(x, dtype=dtype, order="C"))
            out = cupy.empty(x.shape, dtype)
            out.set(np.asarray(x, dtype=dtype, order="C"))
            return out

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
        return _tf32(device) if self.compute_dtype == "tf32" else device

    def uploads(self) -> Uploads:
        return _Uploads(self)

    def synchronize(self) -> None:
        self._device.synchronize()


@contextlib.contextmanager
def _tf32(device: Any) -> Iterator[None]:
    """On a device, and as CuPy has it on every other, float32 matrices are multiplied as TF32."""
    kind = np.dtype("float32")
    before = _routines_linalg.get_compute_type(kind)
    _routines_linalg.set_compute_type(kind, _TF32)
    try:
        with device:
            yield
    finally:
        _routines_linalg.set_compute_type(kind, before)


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

    def memory(self, size: int) -> np.ndarray[Any, Any]:
        with self._backend.scope():
            pinned: np.ndarray[Any, Any] = cupyx.empty_pinned((size,), np.uint8)
            return pinned


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
