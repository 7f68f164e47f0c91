"""The backend that holds where none is named: what `use` chose, else the environment."""

from __future__ import annotations

import contextvars
import os
from typing import Any

from .._lib.frozen import Frozen
from .devices import check_device
from .registry import BUILT_IN, DEVICE_KINDS, entry_of

__all__ = ["Choice", "chosen", "current"]


class Choice(Frozen):
    """A backend, a device and a dtype, each of which may be left open.

    Parameters
    ----------
    backend : str, Backend or namespace, optional
    device : str or device object, optional
    dtype : str, optional
    """

    backend: Any = None
    device: Any = None
    dtype: str | None = None


chosen: contextvars.ContextVar[Choice] = contextvars.ContextVar("bpnet_backend")


def current() -> Choice:
    """The default of this context.

    Raises
    ------
    ValueError
        If an environment variable names no backend or device.
    """
    try:
        return chosen.get()
    except LookupError:
        backend = os.environ.get("BPNET_BACKEND") or None
        device = os.environ.get("BPNET_DEVICE") or None
    if backend not in (None, "auto"):
        entry_of(str(backend), "backend (from BPNET_BACKEND)")
    if device is not None and (backend is None or backend == "auto" or backend in BUILT_IN):
        device = check_device(device, DEVICE_KINDS)
    return Choice(backend, device)
