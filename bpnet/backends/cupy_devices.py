"""Which CUDA devices CuPy can compute on, and in plain words why it cannot."""

from __future__ import annotations

import cupy
from cupy.cuda import runtime

__all__ = ["usable_devices"]

# CUDA's status numbers for a driver that is absent or too old, and for a machine without a GPU.
_INSUFFICIENT_DRIVER, _NO_DEVICE = 35, 100


def usable_devices() -> tuple[tuple[str, ...], str]:
    """Names of the devices that can compute, and why there are none."""
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
        return (), f"{sees} ({_summary(error)}){question}"
    return tuple(f"cuda:{index}" for index in range(count)), ""


def _why_uncounted(error: Exception) -> str:
    status = getattr(error, "status", None)
    if status == _NO_DEVICE:
        return "no CUDA device was found"
    if status == _INSUFFICIENT_DRIVER:
        driver, needed = runtime.driverGetVersion(), runtime.runtimeGetVersion()
        if driver == 0:
            return "no CUDA driver was found"
        older = "cupy-cuda12x suits it, or " if driver // 1000 == 12 < needed // 1000 else ""
        return (
            f"the CUDA driver is too old: it serves CUDA {_dotted(driver)}, and this cupy needs "
            f"{_dotted(needed)}; {older}a newer driver does"
        )
    return f"CUDA does not answer ({_summary(error)})"


def _dotted(version: int) -> str:
    """``"12.4"`` of 12040."""
    return f"{version // 1000}.{version % 1000 // 10}"


def _summary(error: Exception) -> str:
    """Kind and first line of an error."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
