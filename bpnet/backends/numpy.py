"""NumPy on the CPU."""

from __future__ import annotations

import contextlib
import functools
import math
from typing import Any

import numpy as np

from .availability import Availability
from .base import Backend
from .host_arrays import host_array
from .interop import Array
from .namespaces import Namespace, sigmoid_by_exp

__all__ = ["SHORT", "NumpyBackend", "ones"]

SHORT = 64  # columns: shorter rows are slow to reduce one by one


@functools.cache
def ones(n: int, dtype: Any) -> Array:
    """A vector of ones: a product with it is a sum."""
    return np.ones(n, dtype)


def _max(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """The standard's ``max``, by columns where rows are short: NumPy is slow over short rows."""
    if x.ndim != 2 or axis not in (1, -1) or x.shape[1] > SHORT:
        return np.max(x, axis=axis, keepdims=keepdims)
    found = np.maximum.reduce(np.ascontiguousarray(x.T), 0)
    return found[:, None] if keepdims else found


def _sum(x: Array, /, *, axis: int | None = None, keepdims: bool = False, **given: Any) -> Array:
    """The standard's ``sum``, as a product with ones over short rows: nine times as fast."""
    short = x.ndim == 2 and axis in (1, -1) and x.shape[1] <= SHORT
    if not short or x.dtype.kind != "f" or given:
        return np.sum(x, axis=axis, keepdims=keepdims, **given)
    found = np.dot(x, ones(x.shape[1], x.dtype))
    return found[:, None] if keepdims else found


def _argmax(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """The standard's ``argmax``, by the method, which has less overhead."""
    return x.argmax(axis, keepdims=keepdims)


def _take(x: Array, indices: Array, /, *, axis: int | None = None) -> Array:
    """The standard's ``take``, by the method, which has less overhead."""
    return x.take(indices, axis)


def _sigmoid(x: Array) -> Array:
    """The same operations as in a compiled step, without a warning of the overflow."""
    with np.errstate(over="ignore"):
        return sigmoid_by_exp(x, np)


class NumpyBackend(Backend):
    """NumPy 2, which is its own array API namespace."""

    name = "numpy"
    target = "bpnet.compiler.targets.numpy:NumpyTarget"
    xp: Any = Namespace(np)
    xp.sigmoid = _sigmoid
    xp.max = _max
    xp.sum = _sum
    xp.argmax = _argmax
    xp.take = _take
    entries_per_pass = 2**16

    @classmethod
    def probe(cls) -> Availability:
        return Availability(cls.name, np.__version__, ("cpu",))

    def owns(self, x: object) -> bool:
        return isinstance(x, np.ndarray)

    def device_of(self, x: Array) -> str:
        return "cpu"

    def from_host(self, x: np.ndarray[Any, Any], dtype: str) -> Array:
        return np.array(x, dtype=dtype, order="C")

    def to_dtype(self, x: Array, name: str, dtype: str) -> Array:
        return np.asarray(host_array(x, name), dtype=dtype)

    def all_finite_on_device(self, x: Array) -> bool:
        if x.dtype.kind == "f" and x.flags.c_contiguous:
            flat = x.reshape(-1)
            if math.isfinite(np.dot(flat, flat)):  # one pass; an overflow is examined below
                return True
        return bool(np.logical_and.reduce(np.isfinite(x), axis=None))  # twice as fast as `all`

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        return np.array(x)

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        # Training checks for non-finite values itself and says where; a warning adds nothing.
        return np.errstate(all="ignore")
