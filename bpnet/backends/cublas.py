"""The library of cuBLAS that CuPy computes with."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from cupy.cuda import runtime

__all__ = ["library"]


@functools.cache
def library() -> Any:
    """The cuBLAS that CuPy computes with, or None where it is not to be found."""
    try:
        # Whose import finds the library and loads it, wherever it lies.
        import cupy_backends.cuda.libs.cublas  # noqa: F401

        return ctypes.CDLL(f"libcublas.so.{runtime.runtimeGetVersion() // 1000}")
    except (ImportError, OSError):
        return None
