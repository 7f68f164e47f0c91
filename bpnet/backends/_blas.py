"""The BLAS that NumPy itself uses, for what NumPy has no name for: products added to an array.

``C <- alpha A B + beta C`` changes the parameters in the pass that multiplies. The functions are
looked up in the libraries that NumPy's own extension module is linked with; where they cannot be
found, or do not compute what they should, there are none, and everything is computed without them.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["BLAS", "blas", "layout_of", "pointer"]

Array = Any

# What wheels of NumPy call them, then what OpenBLAS with 64-bit integers and all others do. Sizes
# are handed over in 64 bits: where 32 are expected, the lower half of a register or slot is read.
_NAMES = ("scipy_cblas_{}64_", "cblas_{}64_", "cblas_{}")
_ROWS, _AS_IT_IS, _TRANSPOSED = (ctypes.c_int(k) for k in (101, 111, 112))
_FLOATS = {"float32": ("s", ctypes.c_float), "float64": ("d", ctypes.c_double)}


def pointer(array: Array) -> ctypes.c_void_p:
    """Where an array's entries lie."""
    return ctypes.c_void_p(array.ctypes.data)


class BLAS:
    """Products of matrices that are added to an array.

    Parameters
    ----------
    dtype : {"float32", "float64"}
    gemm : callable
        The library's function.
    """

    def __init__(self, dtype: str, gemm: Callable[..., None]) -> None:
        self._gemm, self._float = gemm, _FLOATS[dtype][1]

    @staticmethod
    def reads(x: Array) -> bool:
        """Whether rows or columns of a matrix lie in one piece each."""
        return x.itemsize in x.strides

    def product(
        self,
        left: Array,
        right: Array,
        out: Array,
        *,
        alpha: float = 1.0,
        beta: float = 1.0,
        addresses: Sequence[ctypes.c_void_p] = (),
    ) -> Callable[[], None]:
        """A call that makes of ``out`` ``alpha * left @ right + beta * out``.

        Parameters
        ----------
        left, right, out : array
            Matrices, each with rows or columns in one piece, ``out`` with rows. The call reads and
            writes their memory: the caller keeps them.
        alpha, beta : float, optional
        addresses : pair of c_void_p, optional
            Where ``left`` and ``right`` lie at each call, if that changes.
        """
        (m, n), k = out.shape, left.shape[1]
        at_left, at_right = addresses or (pointer(left), pointer(right))
        size = ctypes.c_int64
        (flip_left, ld_left), (flip_right, ld_right), (_, ld) = map(layout_of, (left, right, out))
        flips = (_TRANSPOSED if flip else _AS_IT_IS for flip in (flip_left, flip_right))
        return functools.partial(
            self._gemm, _ROWS, *flips, size(m), size(n), size(k), self._float(alpha),
            at_left, size(ld_left), at_right, size(ld_right), self._float(beta),
            pointer(out), size(ld),
        )  # fmt: skip


def layout_of(x: Array) -> tuple[bool, int]:
    """Whether columns of a matrix, not rows, lie in one piece, and how far apart these are."""
    rows, columns = (step // x.itemsize for step in x.strides)
    if columns == 1:
        return False, max(rows, x.shape[1])
    return True, max(columns, x.shape[0])


@functools.cache
def blas(dtype: str) -> BLAS | None:
    """NumPy's BLAS for a type, or None where there is none to be had."""
    letter, _ = _FLOATS[dtype]
    try:
        library = ctypes.CDLL(np._core._multiarray_umath.__file__)  # type: ignore[attr-defined]
    except (AttributeError, OSError):
        return None
    for name in _NAMES:
        gemm = getattr(library, name.format(f"{letter}gemm"), None)
        if gemm is not None:
            gemm.restype = None
            found = BLAS(dtype, gemm)
            return found if _is_right(found, dtype) else None
    return None


def _is_right(found: BLAS, dtype: str) -> bool:
    """Whether small products come out as NumPy has them."""
    a = np.arange(6, dtype=dtype).reshape(2, 3)
    b = np.arange(12, dtype=dtype).reshape(4, 3)
    out = np.ones((2, 4), dtype)
    found.product(a, b.T, out, alpha=-2.0, beta=3.0)()
    return bool((out == 3.0 - 2.0 * (a @ b.T)).all())
