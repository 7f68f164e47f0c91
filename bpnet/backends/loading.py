"""From an entry of the registry to a backend: import it, find its devices, make it."""

from __future__ import annotations

import functools
from typing import Any

from .._lib.install import REQUIREMENTS, pip_install
from .availability import Availability, BackendUnavailableError
from .base import Backend
from .devices import device_kind, device_name
from .numpy import NumpyBackend
from .registry import BUILT_IN, Entry, conflicts, install_hint, known

__all__ = [
    "available_backends",
    "load",
    "make",
    "namespace_entry",
    "probe",
    "summary",
    "with_dtype",
]

# Modules that a user may pass as a namespace, of libraries that have a backend of their own.
_MODULES = {
    **{name: name for name in BUILT_IN},
    **{f"array_api_compat.{name}": name for name in BUILT_IN},
    "jax.numpy": "jax",
}


def available_backends() -> list[Availability]:
    """What is known of every backend: version, devices, and why one cannot be used.

    Imports every array library that is installed, and the backends that other packages offer.

    Returns
    -------
    list of Availability

    Examples
    --------
    >>> import bpnet
    >>> bpnet.available_backends()[0].name
    'numpy'
    """
    found = [probe(entry) for entry in known().values()]
    return found + [Availability(name, None, (), reason) for name, reason in conflicts()]


def namespace_entry(namespace: Any) -> Entry:
    """What stands for the library of a namespace.

    Raises
    ------
    TypeError
        If it is no namespace of the array API standard.
    """
    wanted = "backend must be a name, a bpnet.backends.Backend or an array API namespace"
    if isinstance(namespace, type):
        raise TypeError(f"{wanted}, not the class {namespace.__name__}")
    name = _MODULES.get(getattr(namespace, "__name__", ""))
    if name is not None:
        return BUILT_IN[name]
    from .standard_namespace import as_standard, library_name

    try:
        as_standard(namespace)
    except TypeError as error:
        raise TypeError(f"{wanted}; {error}") from None
    return Entry(library_name(namespace), namespace, origin="its array API namespace")


def load(entry: Entry) -> Any:
    """The factory of a backend, imported if need be; whatever its import raises passes."""
    factory = entry.factory
    if isinstance(factory, str):
        from pkgutil import resolve_name  # which `import bpnet` does not need

        factory = resolve_name(factory)
    if callable(factory):
        return factory
    from .standard import NamespaceFactory

    return NamespaceFactory(factory, entry.name)


def probe(entry: Entry) -> Availability:
    """Where a backend can compute, or why it cannot; an error becomes the reason."""
    return _probe_built_in(entry.name) if entry.name in BUILT_IN else _probe(entry)


def make(entry: Entry, device: Any, dtype: str) -> Backend:
    """A backend on a device; None leaves the choice to the library.

    Raises
    ------
    BackendUnavailableError
        If the library, the device or the dtype is not available here; the message says why.
    """
    if entry.name == "numpy" and device in (None, "cpu"):
        return NumpyBackend("cpu", dtype)
    if entry.name not in BUILT_IN:
        factory = _loaded(entry)
        if not isinstance(factory, type):  # it knows itself what a device is
            return with_dtype(_made(entry, factory, device, dtype))
    found = probe(entry)
    if not found.usable:
        raise BackendUnavailableError(found.reason + _way_out(found, entry, _kind(device)))
    place = _device_among(found, device, entry)
    return with_dtype(_made(entry, load(entry), place, dtype))


def _way_out(found: Availability, entry: Entry, kind: str) -> str:
    """What installs a library; or, where it is installed, what does without it."""
    if found.version is None:
        return install_hint(entry, kind)
    return install_hint(entry, kind) + "; backend='auto' uses NumPy where there is no usable GPU"


def with_dtype(backend: Backend) -> Backend:
    """The same backend, whose device must be able to compute in its dtype.

    Raises
    ------
    BackendUnavailableError
        If it is not.
    """
    if reason := backend.why_no_dtype(backend.dtype):
        raise BackendUnavailableError(
            f"{backend.name} has no {backend.dtype} on {backend.device}: {reason}"
        )
    return backend


def _device_among(found: Availability, device: Any, entry: Entry) -> Any:
    """The device meant by a name or a kind; an object that is not listed stays itself."""
    if device is None:
        return found.devices[0]
    name = device_name(device)
    for one in found.devices:
        if name in (one, device_kind(one)):
            return one
    if not isinstance(device, str):
        return device
    kind = device_kind(name)
    why = f" ({found.reason})" if found.reason and kind in entry.kinds else ""
    build = f"{entry.name} for {kind}"
    hint = f"; its build for {kind}: {pip_install(build)}" if build in REQUIREMENTS else ""
    raise BackendUnavailableError(
        f"{entry.name} {found.version} has no device {device!r} here{why}; "
        f"it has {', '.join(found.devices)}{hint}"
    )


def _kind(device: Any) -> str:
    return "" if device is None else device_kind(device_name(device))


@functools.cache
def _probe_built_in(name: str) -> Availability:
    from importlib.util import find_spec  # not needed by `import bpnet`

    if find_spec(name) is None:
        return Availability(name, None, (), f"{name} is not installed")
    return _probe(BUILT_IN[name])


def _probe(entry: Entry) -> Availability:
    try:
        factory = _loaded(entry)
        if not hasattr(factory, "probe"):
            backend = _made(entry, factory, None, "float32")
            return Availability(entry.name, None, (backend.device,))
        found = factory.probe()
    except BackendUnavailableError as error:
        return Availability(entry.name, None, (), str(error))
    except Exception as error:
        reason = f"{entry.name} failed to list its devices ({summary(error)})"
        return Availability(entry.name, None, (), reason)
    return Availability(entry.name, found.version, found.devices, found.reason)


def _loaded(entry: Entry) -> Any:
    try:
        return load(entry)
    except Exception as error:  # a broken installation may raise anything, an OSError most often
        what = f"is offered by {entry.origin}" if entry.origin else "is installed"
        raise BackendUnavailableError(
            f"{entry.name} {what} but cannot be imported ({summary(error)})"
        ) from error


def _made(entry: Entry, factory: Any, device: Any, dtype: str) -> Backend:
    """What the factory makes, under the name of the entry and with its target."""
    if entry.name in BUILT_IN:
        own: Backend = factory(device, dtype)
        return own
    whose = f"the factory of backend {entry.name!r}, from {entry.origin},"
    try:
        made = factory(device, dtype)
    except BackendUnavailableError:
        raise
    except Exception as error:
        raise BackendUnavailableError(f"{whose} raised {summary(error)}") from error
    if not isinstance(made, Backend):
        raise BackendUnavailableError(f"{whose} made {made!r}, not a bpnet.backends.Backend")
    changes = {"name": entry.name} if made.name != entry.name else {}
    if entry.target is not None:
        changes["target"] = entry.target
    return made.with_attributes(**changes) if changes else made


def summary(error: Exception) -> str:
    """Kind and first line of an error."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"
