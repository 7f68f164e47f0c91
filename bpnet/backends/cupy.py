"""CuPy on a CUDA GPU."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import array_api_compat.cupy
import cupy
import cupyx.scipy.special
import numpy as np
from cupy._core import _routines_linalg

from . import cublas
from .availability import Availability
from .base import Backend
from .cupy_devices import usable_devices
from .cupy_uploads import CupyUploads, caller_waits
from .interop import Array
from .namespaces import Namespace, sigmoid_by_exp
from .uploads import Uploads

__all__ = ["CupyBackend"]

_TF32 = 7  # CuPy's COMPUTE_TYPE_TF32


def _clip(x: Array, /, min: Any = None, max: Any = None) -> Array:
    """The standard's ``clip`` in one kernel.

    array_api_compat's selects by masks, and so waits for the device at each bound.
    """
    return x.clip(min, max)


def _sigmoid(x: Array) -> Array:
    """As in a kernel; it takes as many operations as by the hyperbolic tangent."""
    return sigmoid_by_exp(x, cupy)


class CupyBackend(Backend):
    """CuPy's arrays on one CUDA device; every call is queued on the device's current stream."""

    name = "cupy"
    target = "bpnet.compiler.targets.cupy:CupyTarget"
    xp: Any = Namespace(array_api_compat.cupy, cupyx.scipy.special.erf, _sigmoid)
    xp.clip = _clip

    def __init__(self, device: str, dtype: str) -> None:
        super().__init__(device, dtype)
        self._device = cupy.cuda.Device(int(device.partition(":")[2] or 0))

    @classmethod
    def probe(cls) -> Availability:
        devices, reason = usable_devices()
        reason = f"cupy {cupy.__version__} {reason}" if reason else ""
        return Availability(cls.name, cupy.__version__, devices, reason)

    @classmethod
    def device_name(cls, device: Any) -> str:
        return device if isinstance(device, str) else f"cuda:{device.id}"

    def why_no_compute_dtype(self, compute_dtype: str) -> str:
        if compute_dtype == "float16":
            return ""
        if int(self._device.compute_capability) < 80:
            return f"a GPU of compute capability {self._device.compute_capability} has none"
        if compute_dtype == "bfloat16" and cublas.library() is None:
            return "the cuBLAS library was not found, and CuPy itself has no bfloat16 products"
        return ""

    def owns(self, x: object) -> bool:
        return isinstance(x, cupy.ndarray)

    def device_of(self, x: Array) -> str:
        return f"cuda:{x.device.id}"

    def from_host(self, x: np.ndarray[Any, Any], dtype: str) -> Array:
        # CuPy reads pinned memory after returning, and may adopt memory that CPU and GPU share: it
        # gets a copy of its own, unless the caller waits until the device has one.
        with self._device:
            if not caller_waits():
                return cupy.asarray(np.array(x, dtype=dtype, order="C"))
            out = cupy.empty(x.shape, dtype)
            out.set(np.asarray(x, dtype=dtype, order="C"))
            return out

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        with self._device:  # waits for its current stream
            # Without `out`, memory that CPU and GPU share would not be copied.
            copied: np.ndarray[Any, Any] = x.get(out=np.empty(x.shape, x.dtype))
            return copied

    def copy(self, x: Array) -> Array:
        return x.copy()

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        device: contextlib.AbstractContextManager[Any] = self._device  # may be entered again inside
        return _tf32(device) if self.compute_dtype == "tf32" else device

    def uploads(self) -> Uploads:
        return CupyUploads(self.scope)

    def synchronize(self) -> None:
        self._device.synchronize()


@contextlib.contextmanager
def _tf32(device: Any) -> Iterator[None]:
    """Products of float32 matrices use TF32 within this context, on every device.

    CuPy has no public function for this: ``CUPY_TF32`` is read once, for the whole process, and
    CuPy itself passes the compute type of every product to cuBLAS.
    """
    kind = np.dtype("float32")
    before = _routines_linalg.get_compute_type(kind)
    _routines_linalg.set_compute_type(kind, _TF32)
    try:
        with device:
            yield
    finally:
        _routines_linalg.set_compute_type(kind, before)
