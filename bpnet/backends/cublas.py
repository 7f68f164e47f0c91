"""The cuBLAS library that CuPy computes with."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from cupy.cuda import runtime

__all__ = ["library"]


@functools.cache
def library() -> Any:
    """The cuBLAS library that CuPy has loaded, or None where it cannot be found."""
    try:
        # Importing this finds and loads the library, wherever it is installed.
        import cupy_backends.cuda.libs.cublas  # noqa: F401

        return ctypes.CDLL(f"libcublas.so.{runtime.runtimeGetVersion() // 1000}")
    except (ImportError, OSError):
        return None
