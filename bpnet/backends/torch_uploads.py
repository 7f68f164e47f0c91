"""Samples reach a CUDA device in a stream of their own, while PyTorch computes in another."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from .uploads import Uploads

__all__ = ["TorchUploads", "uploads_here"]


def uploads_here(device: Any) -> bool:
    """Whether the current stream is not the default one, as within `TorchUploads.scope`."""
    return bool(torch.cuda.current_stream(device) != torch.cuda.default_stream(device))


class TorchUploads(Uploads):
    """Copies from pinned memory in a stream of its own, beside the computation.

    The copies live in memory that belongs to this stream. It is reused as soon as nothing refers to
    it, possibly before the device has read it: so the stream first waits for `reads_queued`.
    """

    def __init__(
        self, scope: Callable[[], contextlib.AbstractContextManager[Any]], device: Any
    ) -> None:
        super().__init__(scope)
        self._device = device
        self._stream, self._read = torch.cuda.Stream(device), torch.cuda.Event()

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        with super().scope(), torch.cuda.stream(self._stream):
            self._stream.wait_event(self._read)
            try:
                yield
            finally:
                self._stream.synchronize()

    def reads_queued(self) -> None:
        self._read.record(torch.cuda.current_stream(self._device))

    def host_bytes(self, size: int) -> np.ndarray[Any, Any]:
        pinned: np.ndarray[Any, Any] = torch.empty(size, dtype=torch.uint8, pin_memory=True).numpy()
        return pinned
