"""How samples reach the device while it computes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Uploads", "host_bytes"]


def host_bytes(size: int) -> np.ndarray[Any, Any]:
    """Memory of ``size`` bytes on the host."""
    return np.empty(size, np.uint8)


class Uploads:
    """Moves samples to the device in one thread while another thread computes there.

    By default nothing is special about it; subclasses copy in a stream of their own.

    Parameters
    ----------
    scope : callable
        Makes the context in which the backend computes: `Backend.scope`.
    """

    def __init__(self, scope: Callable[[], contextlib.AbstractContextManager[Any]]) -> None:
        self._computing = scope

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """The context that the uploading thread works in; on leaving it, every copy is complete."""
        return self._computing()

    def reads_queued(self) -> None:
        """Called by the computing thread once it has queued every read of the samples so far."""

    def host_bytes(self, size: int) -> np.ndarray[Any, Any]:
        """Memory of ``size`` bytes on the host, from which samples are copied to the device."""
        return host_bytes(size)
