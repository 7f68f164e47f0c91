"""cuBLAS by its C interface, for products that CuPy has no name for or may not be asked for.

CuPy sets the stream of its handle before each product, which cannot be done while a stream is
captured: CuPy then refuses products. A handle of one's own is given its stream once, and its memory
to work in. It also adds a product to an array in one pass.
"""

from __future__ import annotations

import ctypes
import functools
import os
import weakref
from typing import Any

import cupy

from .blas import layout_of

__all__ = ["Products"]

Array = Any

_AS_IT_IS, _TRANSPOSED = 0, 1
_FLOAT32, _TF32 = 0, 3
_STATUS = {
    1: "not initialized",
    3: "out of memory",
    7: "invalid value",
    8: "architecture mismatch",
    13: "execution failed",
    15: "not supported",
}
_COMPUTE_32F, _BY_DEFAULT = 68, -1
_KINDS = {"float32": 0, "uint16": 14}  # of cublasGemmEx; 16-bit integers hold bfloat16
_ROOM = 32 * 2**20  # bytes to work in, as NVIDIA advises for Hopper


class Products:
    """``out <- alpha left @ right + beta out``, queued on one stream.

    Called with `matmul`'s arrays, all float32 or all float64, or bfloat16 held by uint16, of which
    the result may be float32; rows of ``out`` lie in one piece, and so do rows or columns of the
    others. With ``exact`` it is never TF32.

    Parameters
    ----------
    found : ctypes.CDLL
        What `library` found. The handle is made for the current device.
    tf32 : bool, optional
        Whether float32 may be multiplied as TF32.

    Raises
    ------
    RuntimeError
        If cuBLAS refuses; the message says why.
    """

    def __init__(self, found: Any, tf32: bool = False) -> None:
        self._found = found
        handle = ctypes.c_void_p()
        self._do("cublasCreate_v2", ctypes.byref(handle))
        self._handle = handle
        weakref.finalize(self, found.cublasDestroy_v2, handle).atexit = False
        self._room = cupy.empty(_ROOM, cupy.uint8)
        self._tf32 = tf32 or os.environ.get("CUPY_TF32") == "1"  # as CuPy's own products
        if self._tf32:
            self._multiply_in(_TF32)

    def on(self, stream: Any) -> None:
        """Queue what follows on a stream of CuPy's."""
        self._do("cublasSetStream_v2", self._handle, ctypes.c_void_p(stream.ptr))
        # Setting the stream takes back the memory to work in.
        room = ctypes.c_void_p(self._room.data.ptr), ctypes.c_size_t(_ROOM)
        self._do("cublasSetWorkspace_v2", self._handle, *room)

    def __call__(
        self,
        left: Array,
        right: Array,
        out: Array,
        alpha: float = 1.0,
        beta: float = 0.0,
        exact: bool = False,
    ) -> None:
        if exact and self._tf32:
            self._multiply_in(_FLOAT32)
        number = ctypes.c_double if out.dtype.itemsize == 8 else ctypes.c_float
        # cuBLAS counts along columns: to it, rows are columns, and out.T = right.T @ left.T.
        (flip_left, ld_left), (flip_right, ld_right) = layout_of(left), layout_of(right)
        (m, n), k = out.shape, left.shape[1]
        name, (of_factor, of_out), rest = self._function(left.dtype.name, out.dtype.name)
        self._do(
            name,
            self._handle,
            *(ctypes.c_int(_TRANSPOSED if one else _AS_IT_IS) for one in (flip_right, flip_left)),
            *(ctypes.c_int(size) for size in (n, m, k)),
            ctypes.byref(number(alpha)),
            *(ctypes.c_void_p(right.data.ptr), *of_factor, ctypes.c_int(ld_right)),
            *(ctypes.c_void_p(left.data.ptr), *of_factor, ctypes.c_int(ld_left)),
            ctypes.byref(number(beta)),
            *(ctypes.c_void_p(out.data.ptr), *of_out, ctypes.c_int(layout_of(out)[1])),
            *rest,
        )
        if exact and self._tf32:
            self._multiply_in(_TF32)

    @staticmethod
    @functools.cache
    def _function(factor: str, out: str) -> tuple[str, tuple[Any, Any], tuple[Any, ...]]:
        """The function for two types, how each array tells its own, and what comes last."""
        if factor == "uint16":
            last = ctypes.c_int(_COMPUTE_32F), ctypes.c_int(_BY_DEFAULT)
            of_factor, of_out = ((ctypes.c_int(_KINDS[one]),) for one in (factor, out))
            return "cublasGemmEx", (of_factor, of_out), last
        if factor != out:
            raise TypeError(f"products of {factor} are no {out}")
        return {"float32": "cublasSgemm_v2", "float64": "cublasDgemm_v2"}[out], ((), ()), ()

    def _multiply_in(self, mode: int) -> None:
        self._do("cublasSetMathMode", self._handle, ctypes.c_int(mode))

    def _do(self, name: str, *arguments: Any) -> None:
        status = getattr(self._found, name)(*arguments)
        if status:
            told = _STATUS.get(status, f"status {status}")
            raise RuntimeError(f"{name} of cuBLAS failed: {told}")
