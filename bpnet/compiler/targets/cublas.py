"""cuBLAS through its C interface, for products that CuPy does not offer.

CuPy sets the stream of its handle before each product, which is not possible while that stream is
captured, so that CuPy refuses products within a CUDA graph. A handle of our own gets its stream and
its workspace once, beforehand. It can also add a product to an array in one pass.
"""

from __future__ import annotations

import ctypes
import functools
import os
import weakref
from typing import Any

import cupy

from ...backends import Array
from .blas import layout_of

__all__ = ["Products"]

_NOT_TRANSPOSED, _TRANSPOSED = 0, 1  # cublasOperation_t
_DEFAULT_MATH, _TF32_MATH = 0, 3  # cublasMath_t
_COMPUTE_32F, _DEFAULT_ALGORITHM = 68, -1  # cublasComputeType_t, cublasGemmAlgo_t
_DATA_TYPES = {"float32": 0, "uint16": 14}  # cudaDataType_t; uint16 holds bfloat16
_STATUS = {
    1: "not initialized",
    3: "out of memory",
    7: "invalid value",
    8: "architecture mismatch",
    13: "execution failed",
    15: "not supported",
}
_WORKSPACE_BYTES = 32 * 2**20  # as NVIDIA recommends for Hopper


class Products:
    """Computes ``out <- alpha left @ right + beta out``, queued on one stream.

    Called with matrices that are all float32 or all float64, or with factors in bfloat16, held by
    uint16, of which the result may be float32. The rows of ``out`` are contiguous, and so are the
    rows or the columns of the factors. With ``exact``, TF32 is never used.

    Parameters
    ----------
    library : ctypes.CDLL
        cuBLAS, from `bpnet.backends.cublas.library`. The handle belongs to the current device.
    tf32 : bool, optional
        Whether float32 may be multiplied as TF32.

    Raises
    ------
    RuntimeError
        If cuBLAS reports an error; the message names the function and the error.
    """

    def __init__(self, library: Any, tf32: bool = False) -> None:
        self._library = library
        handle = ctypes.c_void_p()
        self._call("cublasCreate_v2", ctypes.byref(handle))
        self._handle = handle
        weakref.finalize(self, library.cublasDestroy_v2, handle).atexit = False
        self._workspace = cupy.empty(_WORKSPACE_BYTES, cupy.uint8)
        self._tf32 = tf32 or os.environ.get("CUPY_TF32") == "1"  # as CuPy's own products
        if self._tf32:
            self._set_math_mode(_TF32_MATH)

    def on(self, stream: Any) -> None:
        """Queue the following products on a CuPy stream."""
        self._call("cublasSetStream_v2", self._handle, ctypes.c_void_p(stream.ptr))
        # Setting the stream resets the workspace, so it is set again.
        workspace = ctypes.c_void_p(self._workspace.data.ptr), ctypes.c_size_t(_WORKSPACE_BYTES)
        self._call("cublasSetWorkspace_v2", self._handle, *workspace)

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
            self._set_math_mode(_DEFAULT_MATH)
        number = ctypes.c_double if out.dtype.itemsize == 8 else ctypes.c_float
        # cuBLAS stores matrices by columns: it sees the transposes, and out.T = right.T @ left.T.
        (flip_left, ld_left), (flip_right, ld_right) = layout_of(left), layout_of(right)
        (m, n), k = out.shape, left.shape[1]
        name, (factor_type, out_type), rest = self._function(left.dtype.name, out.dtype.name)
        flips = (_TRANSPOSED if one else _NOT_TRANSPOSED for one in (flip_right, flip_left))
        self._call(
            name,
            self._handle,
            *(ctypes.c_int(flip) for flip in flips),
            *(ctypes.c_int(size) for size in (n, m, k)),
            ctypes.byref(number(alpha)),
            *(ctypes.c_void_p(right.data.ptr), *factor_type, ctypes.c_int(ld_right)),
            *(ctypes.c_void_p(left.data.ptr), *factor_type, ctypes.c_int(ld_left)),
            ctypes.byref(number(beta)),
            *(ctypes.c_void_p(out.data.ptr), *out_type, ctypes.c_int(layout_of(out)[1])),
            *rest,
        )
        if exact and self._tf32:
            self._set_math_mode(_TF32_MATH)

    @staticmethod
    @functools.cache
    def _function(factor: str, out: str) -> tuple[str, tuple[Any, Any], tuple[Any, ...]]:
        """Name of the function, type arguments of factors and of the result, last arguments."""
        if factor == "uint16":
            last = ctypes.c_int(_COMPUTE_32F), ctypes.c_int(_DEFAULT_ALGORITHM)
            types = tuple((ctypes.c_int(_DATA_TYPES[one]),) for one in (factor, out))
            return "cublasGemmEx", (types[0], types[1]), last
        if factor != out:
            raise TypeError(f"a product of {factor} matrices cannot be written as {out}")
        return {"float32": "cublasSgemm_v2", "float64": "cublasDgemm_v2"}[out], ((), ()), ()

    def _set_math_mode(self, mode: int) -> None:
        self._call("cublasSetMathMode", self._handle, ctypes.c_int(mode))

    def _call(self, name: str, *arguments: Any) -> None:
        status = getattr(self._library, name)(*arguments)
        if status:
            reason = _STATUS.get(status, f"status {status}")
            raise RuntimeError(f"{name} of cuBLAS failed: {reason}")
