"""Samples reach a CUDA device in a stream of their own, while CuPy computes in another."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import cupy
import cupyx
import numpy as np

from .uploads import Uploads

__all__ = ["CupyUploads", "caller_waits"]

_thread = threading.local()


def caller_waits() -> bool:
    """Whether the caller in this thread waits until its copies to the device are complete."""
    return getattr(_thread, "waits", False)


class CupyUploads(Uploads):
    """Copies from pinned memory in a stream of its own, beside the computation.

    The copies live in memory that belongs to this stream. It is reused as soon as nothing refers to
    it, possibly before the device has read it: so the stream first waits for `reads_queued`.
    """

    def __init__(self, scope: Callable[[], contextlib.AbstractContextManager[Any]]) -> None:
        super().__init__(scope)
        with super().scope():
            self._stream = cupy.cuda.Stream(non_blocking=True)
            self._read = cupy.cuda.Event(disable_timing=True)

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        with super().scope(), self._stream:
            self._stream.wait_event(self._read)
            _thread.waits = True
            try:
                yield
            finally:
                _thread.waits = False
                self._stream.synchronize()

    def reads_queued(self) -> None:
        with super().scope():
            self._read.record()

    def host_bytes(self, size: int) -> np.ndarray[Any, Any]:
        with super().scope():
            pinned: np.ndarray[Any, Any] = cupyx.empty_pinned((size,), np.uint8)
            return pinned
