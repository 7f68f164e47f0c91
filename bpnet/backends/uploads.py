"""How samples reach the device while it computes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Uploads", "host_bytes"]


def host_bytes(size: int) -> np.ndarray[Any, Any]:
    """So many bytes on the host."""
    return np.empty(size, np.uint8)


class Uploads:
    """How a thread brings samples to the device while another computes there.

    Parameters
    ----------
    scope : callable
        Makes the context in which the backend computes: `Backend.scope`.
    """

    def __init__(self, scope: Callable[[], contextlib.AbstractContextManager[Any]]) -> None:
        self._computing = scope

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """In the thread that brings them: what it works in, and when left has done all of."""
        return self._computing()

    def reads_queued(self) -> None:
        """In the thread that computes: all was asked for that reads what it was given so far."""

    def host_bytes(self, size: int) -> np.ndarray[Any, Any]:
        """So many bytes on the host, for samples to be copied from."""
        return host_bytes(size)
