"""Memory on the host that is used again."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backends.uploads import host_bytes

__all__ = ["BufferPool"]


class BufferPool:
    """Reuses the memory of arrays that are no longer in use.

    The system provides memory page by page, each filled with zeros, which can take longer than
    filling it with samples.

    Parameters
    ----------
    memory : callable, optional
        ``memory(n)`` returns n new bytes.
    """

    def __init__(self, memory: Callable[[int], np.ndarray[Any, Any]] = host_bytes) -> None:
        self._free: list[np.ndarray[Any, Any]] = []
        self._memory = memory

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        """A new array; its memory comes back when nothing refers to it or to a view of it."""
        size = math.prod(shape) * dtype.itemsize
        fitting = [k for k, bytes_ in enumerate(self._free) if bytes_.size == size]
        own = self._free.pop(fitting[0]) if fitting else self._memory(size)
        # A view of a view refers to the first one, but not beyond a memoryview.
        array = np.frombuffer(own.data, dtype)
        weakref.finalize(array, self._free.append, own).atexit = False
        return array.reshape(shape)
