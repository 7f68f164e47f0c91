"""CuPy on a CUDA GPU."""

from __future__ import annotations

import contextlib
from typing import Any

import array_api_compat.cupy
import cupy
import cupyx.scipy.special
import numpy as np

from ._base import Array, Availability, Backend, Namespace

__all__ = ["CupyBackend"]


class CupyBackend(Backend):
    """CuPy's arrays on one CUDA device; every call is queued on the device's current stream."""

    name = "cupy"
    xp = Namespace(array_api_compat.cupy, cupyx.scipy.special.erf)

    def __init__(self, device: str, dtype: str) -> None:
        super().__init__(device, dtype)
        self._device = cupy.cuda.Device(int(device.partition(":")[2] or 0))

    @classmethod
    def probe(cls) -> Availability:
        version = cupy.__version__
        try:
            count = cupy.cuda.runtime.getDeviceCount()
        except cupy.cuda.runtime.CUDARuntimeError as error:
            reason = f"cupy {version} is installed but no CUDA driver or device was found ({error})"
            return Availability(cls.name, version, (), reason)
        if count == 0:
            reason = f"cupy {version} is installed but no CUDA device was found"
            return Availability(cls.name, version, (), reason)
        try:
            # A device may be counted where the toolkit's libraries are missing: one product
            # loads cuBLAS, one sum compiles a kernel.
            ones = cupy.ones((2, 2), dtype=cupy.float32)
            float((ones @ ones).sum())
        except Exception as error:  # whatever the driver, cuBLAS or NVRTC raise
            text = (str(error).strip().splitlines() or [""])[0]
            reason = (
                f"cupy {version} sees {count} CUDA device{'s' * (count > 1)} but cannot compute "
                f"({type(error).__name__}: {text}): are the CUDA toolkit's libraries installed?"
            )
            return Availability(cls.name, version, (), reason)
        return Availability(cls.name, version, tuple(f"cuda:{index}" for index in range(count)))

    def owns(self, x: object) -> bool:
        return isinstance(x, cupy.ndarray)

    def device_of(self, x: Array) -> str:
        return f"cuda:{x.device.id}"

    def from_host(self, x: np.ndarray[Any, Any], dtype: str) -> Array:
        with self._device:
            return cupy.asarray(np.ascontiguousarray(x, dtype=dtype))

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        return np.array(cupy.asnumpy(x))

    def copy(self, x: Array) -> Array:
        return x.copy()

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        device: contextlib.AbstractContextManager[Any] = cupy.cuda.Device(self._device.id)
        return device

    def synchronize(self) -> None:
        with self._device:
            cupy.cuda.get_current_stream().synchronize()
