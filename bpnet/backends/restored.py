"""Backends out of pickles, which may come from a machine with another library or device."""

from __future__ import annotations

import contextlib
import warnings
from pkgutil import resolve_name
from typing import Any

import numpy as np

from .availability import BackendUnavailableError
from .base import Backend
from .devices import device_kind
from .loading import make, summary
from .numpy import NumpyBackend
from .registry import BUILT_IN, Entry

__all__ = ["restored_backend"]

_BUILT_IN = {entry.factory: entry for entry in BUILT_IN.values()}


def restored_backend(
    kind: type[Backend] | str,
    arguments: tuple[Any, ...],
    own: dict[str, Any],
    name: str,
    device: str,
    dtype: str,
) -> Backend:
    """The backend that was pickled; where it cannot compute here, the nearest that can.

    That is the same library on another of its devices, else NumPy; a warning says which, and why.

    Parameters
    ----------
    kind : type or str
        The class, or its import path.
    arguments : tuple
        What to call it with.
    own : dict
        Its further attributes.
    name, device, dtype : str
        What computed, where, and in what.
    """
    if isinstance(kind, type) and kind.__module__.startswith("bpnet."):  # an earlier release's
        kind = f"{kind.__module__}:{kind.__qualname__}"
    entry = _BUILT_IN.get(kind) if isinstance(kind, str) else None
    try:
        if entry is not None:
            return make(entry, device, dtype).with_attributes(**own)
        return _third_party(kind, arguments, own)
    except BackendUnavailableError as error:
        found = _nearest(entry, device, dtype)
        with contextlib.suppress(ValueError):  # raised where it cannot train so
            found = found.configured(own.get("compute_dtype"), own.get("deterministic", False))
        warnings.warn(
            f"what was pickled with {name} on {device} is now with {found.name} on {found.device}: "
            f"{error}",
            stacklevel=3,  # where it is unpickled, but for a function of `base`
        )
        return found


def _third_party(
    kind: type[Backend] | str, arguments: tuple[Any, ...], own: dict[str, Any]
) -> Backend:
    """A backend that bpnet does not know: whether it can compute here shows when it tries.

    Raises
    ------
    BackendUnavailableError
        If it cannot.
    """
    try:
        if isinstance(own.get("target"), tuple):
            own = {**own, "target": _resolved(*own["target"])}
        backend: Backend = _resolved(kind)(*arguments).with_attributes(**own)
        with backend.scope():
            backend.to_numpy(backend.from_host(np.zeros(1), backend.dtype))
    except Exception as error:  # its import alone may raise anything
        raise BackendUnavailableError(summary(error)) from error
    return backend


def _resolved(kind: Any) -> Any:
    """A class, which may be given by its import path."""
    return resolve_name(kind) if isinstance(kind, str) else kind


def _nearest(entry: Entry | None, device: str, dtype: str) -> Backend:
    """The same library on a device of that kind, else on its first; else NumPy."""
    if entry is not None:
        for place in (device_kind(device), None):
            with contextlib.suppress(BackendUnavailableError):
                return make(entry, place, dtype)
    return NumpyBackend("cpu", dtype)
