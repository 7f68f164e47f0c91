"""The BLAS that NumPy itself uses, for operations that NumPy lacks: products added to an array.

``C <- alpha A B + beta C`` changes the parameters in the pass that multiplies, ``y <- a x + b y``
an optimizer's memory in one pass for two. The functions are looked up in the libraries that NumPy's
own extension module is linked with; where they cannot be found, or do not compute what they should,
there are none, and everything is computed without them.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

__all__ = ["BLAS", "blas", "core", "layout_of", "one_thread", "pointer", "threads"]

Array = Any

# What wheels of NumPy call them, then what OpenBLAS with 64-bit integers and all others do. Sizes
# are handed over in 64 bits: where 32 are expected, the lower half of a register or slot is read.
_NAMES = ("scipy_cblas_{}64_", "cblas_{}64_", "cblas_{}")
_COUNTS = (
    "scipy_openblas_get_num_threads64_",
    "openblas_get_num_threads64_",
    "openblas_get_num_threads",
)
_CORES = (
    "scipy_openblas_get_corename64_",
    "openblas_get_corename64_",
    "openblas_get_corename",
)
_ROWS, _AS_IT_IS, _TRANSPOSED = (ctypes.c_int(k) for k in (101, 111, 112))
_STEP = ctypes.c_int64(1)
_FLOATS = {"float32": ("s", ctypes.c_float), "float64": ("d", ctypes.c_double)}


def pointer(array: Array) -> ctypes.c_void_p:
    """Address of an array's first entry."""
    return ctypes.c_void_p(array.ctypes.data)


class BLAS:
    """Products of matrices that are added to an array, and multiples of arrays that are.

    Parameters
    ----------
    dtype : {"float32", "float64"}
    gemm : callable
        The library's function.
    axpby : callable or None
        Its function for sums, which not all have.
    """

    def __init__(
        self, dtype: str, gemm: Callable[..., None], axpby: Callable[..., None] | None
    ) -> None:
        self._gemm, self._axpby = gemm, axpby
        self.number = _FLOATS[dtype][1]

    @property
    def adds(self) -> bool:
        """Whether it has `scaled_sum`."""
        return self._axpby is not None

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
            self._gemm, _ROWS, *flips, size(m), size(n), size(k), self.number(alpha),
            at_left, size(ld_left), at_right, size(ld_right), self.number(beta),
            pointer(out), size(ld),
        )  # fmt: skip

    def scaled_sum(self, x: Array, y: Array, c: Any, out: Array) -> Callable[[], None] | None:
        """A call that makes of ``out`` ``x + c y``; None unless it is one of them, in one piece.

        Parameters
        ----------
        x, y, out : array
            Of one shape. The caller keeps them.
        c : ctypes number
            Of this type; it is read at each call.
        """
        if not all(one.flags.c_contiguous for one in (x, y, out)) or x.shape != y.shape:
            return None
        (at_x, at_y, at_out), n, step = map(pointer, (x, y, out)), ctypes.c_int64(x.size), _STEP
        if at_x.value == at_y.value or self._axpby is None:
            return None
        one = self.number(1.0)
        if at_out.value == at_x.value:
            # Not by axpy, which leaves half of the entries in another core's cache.
            return functools.partial(self._axpby, n, c, at_y, step, one, at_x, step)
        if at_out.value == at_y.value:
            return functools.partial(self._axpby, n, one, at_x, step, c, at_y, step)
        return None


def layout_of(x: Array) -> tuple[bool, int]:
    """Whether columns of a matrix, not rows, lie in one piece, and how far apart these are."""
    rows, columns = (step // x.itemsize for step in x.strides)
    if columns == 1:
        return False, max(rows, x.shape[1])
    return True, max(columns, x.shape[0])


@functools.cache
def _library() -> ctypes.CDLL | None:
    """NumPy's extension module, through which its BLAS is found."""
    try:
        return ctypes.CDLL(np._core._multiarray_umath.__file__)  # type: ignore[attr-defined]
    except (AttributeError, OSError):
        return None


def threads() -> int:
    """Number of threads that NumPy's BLAS may use; the number of cores if it is unknown."""
    for name in _COUNTS:
        count = getattr(_library(), name, None)
        if count is not None:
            return int(count())
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """While entered, NumPy's BLAS has one thread, if it is OpenBLAS.

    The bits of a product may depend on the number of threads.
    """
    for name in _COUNTS:
        count, change = (
            getattr(_library(), each, None) for each in (name, name.replace("_get_", "_set_"))
        )
        if count is not None and change is not None:
            before = int(count())
            change(1)
            try:
                yield
            finally:
                change(before)
            return
    yield


def core() -> str:
    """The kind of core that NumPy's OpenBLAS computes for; empty if it is unknown.

    >>> isinstance(core(), str)
    True
    """
    for name in _CORES:
        asked = getattr(_library(), name, None)
        if asked is not None:
            asked.restype = ctypes.c_char_p
            return (asked() or b"").decode()
    return ""


@functools.cache
def blas(dtype: str) -> BLAS | None:
    """NumPy's BLAS for a dtype, or None if it is not available."""
    letter, _ = _FLOATS[dtype]
    library = _library()
    for name in _NAMES:
        gemm, axpby = (
            getattr(library, name.format(f"{letter}{one}"), None) for one in ("gemm", "axpby")
        )
        if gemm is not None:
            for one in (gemm, axpby):
                if one is not None:
                    one.restype = None
            found = BLAS(dtype, gemm, axpby)
            return found if _is_right(found, dtype) else None
    return None


def _is_right(found: BLAS, dtype: str) -> bool:
    """Whether small products and sums agree with NumPy."""
    x, y = np.arange(1.0, 4.0, dtype=dtype), np.ones(3, dtype)
    calls = [found.scaled_sum(x, y, found.number(2.0), out) for out in (x, y)]
    for call in filter(None, calls):
        call()
    if all(calls) and (x.tolist(), y.tolist()) != ([3.0, 4.0, 5.0], [5.0, 6.0, 7.0]):
        return False
    a = np.arange(6, dtype=dtype).reshape(2, 3)
    b = np.arange(12, dtype=dtype).reshape(4, 3)
    out = np.ones((2, 4), dtype)
    found.product(a, b.T, out, alpha=-2.0, beta=3.0)()
    return bool((out == 3.0 - 2.0 * (a @ b.T)).all())
