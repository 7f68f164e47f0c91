"""The selection layer: which array library computes, on which device, in which type."""

from __future__ import annotations

import contextvars
import functools
import importlib
import os
from types import TracebackType
from typing import Any

from .._lib.frozen import Frozen
from .._lib.registry import check_name
from .availability import Availability, BackendUnavailableError
from .base import Backend
from .namespaces import Array, Namespace
from .numpy import NumpyBackend

__all__ = [
    "Array",
    "Availability",
    "Backend",
    "BackendUnavailableError",
    "Namespace",
    "available_backends",
    "get_backend",
    "namespace",
    "use",
]

# name -> (class in its module of this package, kinds of device, what installs it)
_TABLE = {
    "numpy": ("NumpyBackend", ("cpu",), "numpy>=2"),
    "cupy": ("CupyBackend", ("cuda",), "bpnet-xp[cuda13]"),
    "torch": ("TorchBackend", ("cpu", "cuda", "mps", "xpu"), "bpnet-xp[torch]"),
    "jax": ("JaxBackend", ("cpu", "cuda", "tpu"), "bpnet-xp[jax]"),
}
_DTYPES = ("float32", "float64")


class _Choice(Frozen):
    name: str | None = None
    device: str | None = None
    dtype: str | None = None


_chosen: contextvars.ContextVar[_Choice] = contextvars.ContextVar("bpnet_backend")


class use:  # noqa: N801 - reads as the verb that it is
    """Change the default backend for networks made later in this context.

    Called as a function it holds until changed again; as a context manager, until the block's
    end. Networks that exist keep their backend. The environment variables ``BPNET_BACKEND`` and
    ``BPNET_DEVICE`` set the default that holds before any call.

    Parameters
    ----------
    name : str, optional
        ``"numpy"``, ``"cupy"``, ``"torch"``, ``"jax"`` or ``"auto"``.
    device : str, optional
        ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ...
    dtype : {"float32", "float64"}, optional

    Raises
    ------
    BackendUnavailableError
        If it is not to be had here.
    ValueError
        If a name is unknown.

    Examples
    --------
    >>> import bpnet
    >>> with bpnet.use("numpy", dtype="float64"):
    ...     print(bpnet.Network([2, 3, 1], seed=0).dtype)
    float64
    >>> bpnet.Network([2, 3, 1], seed=0).dtype
    'float32'
    """

    def __init__(
        self, name: str | None = None, device: str | None = None, dtype: str | None = None
    ) -> None:
        get_backend(name, device, dtype)  # raises here rather than at the first network
        default = _default()
        if name is None:  # what is not named stays
            name, device = default.name, device or default.device
        self._token = _chosen.set(_Choice(name, device, dtype or default.dtype))

    def __enter__(self) -> use:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _chosen.reset(self._token)


def get_backend(
    name: str | Backend | None = None, device: str | None = None, dtype: str | None = None
) -> Backend:
    """The backend of that name on that device, in that type.

    Parameters
    ----------
    name : str or Backend, optional
        ``"numpy"``, ``"cupy"``, ``"torch"``, ``"jax"``, or ``"auto"``: the first usable CUDA
        device, else NumPy. By default what `use`, else ``BPNET_BACKEND`` says, else NumPy; with a
        ``device`` that NumPy does not have, the first of CuPy, PyTorch and JAX that has it.
    device : str, optional
        ``"cpu"``, ``"cuda"``, ``"cuda:1"``; for PyTorch also ``"mps"``, ``"xpu"``. By default what
        `use`, else ``BPNET_DEVICE`` says where the library may have it, else the library's first.
    dtype : {"float32", "float64"}, optional
        By default what `use` says, else ``"float32"``.

    Returns
    -------
    Backend

    Raises
    ------
    BackendUnavailableError
        If the library or device is not to be had here; the message says why and what installs it.
    ValueError
        If a name is unknown.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.get_backend("numpy", dtype="float64")
    <numpy on cpu, float64>
    """
    if isinstance(name, Backend):
        return _adapt(name, device, dtype)
    default = _default()
    dtype = check_name(dtype or default.dtype or "float32", _DTYPES, "dtype")
    if name is not None:
        name = check_name(name, (*_TABLE, "auto"), "backend")
    if device is not None:
        _kind(device)
    if "auto" in (name, device):
        return _auto(name, device, dtype)
    if name is None:
        name, device = _named_by(default, device)
        if "auto" in (name, device):
            return _auto(name, device, dtype)
    elif device is None and default.device == "auto":
        return _auto(name, None, dtype)
    elif device is None and default.device and _kind(default.device) in _TABLE[name][1]:
        device = default.device
    return _make(name, device, dtype)


def available_backends() -> list[Availability]:
    """What is known of every backend: version, devices, and why one cannot be used.

    Imports every array library that is installed.

    Returns
    -------
    list of Availability

    Examples
    --------
    >>> import bpnet
    >>> bpnet.available_backends()[0].name
    'numpy'
    """
    return [_probe(name) for name in _TABLE]


def namespace(x: Array) -> Any:
    """The functions that go with an array: the array API standard's, ``erf`` and ``sigmoid``.

    Parameters
    ----------
    x : array

    Returns
    -------
    Namespace

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.backends import namespace
    >>> float(namespace(np.zeros(2)).erf(np.asarray([1.0]))[0])
    0.8427007929497149
    """
    for name in _TABLE:
        if type(x).__module__.partition(".")[0] in (name, f"{name}lib"):
            return _load(name).xp
    if hasattr(x, "__array_namespace__"):
        return Namespace(x.__array_namespace__())
    return NumpyBackend.xp


def _default() -> _Choice:
    """What `use` chose, else the environment."""
    try:
        return _chosen.get()
    except LookupError:
        name = os.environ.get("BPNET_BACKEND") or None
        device = os.environ.get("BPNET_DEVICE") or None
    if name is not None:
        check_name(name, (*_TABLE, "auto"), "backend (from BPNET_BACKEND)")
    if device is not None:
        _kind(device)
    return _Choice(name, device)


def _named_by(default: _Choice, device: str | None) -> tuple[str, str | None]:
    """The library that serves where none was named, and the device on it."""
    wanted = device or default.device
    if wanted == "auto" or (device is None and default.name == "auto"):
        return default.name or "auto", wanted
    if default.name not in (None, "auto") and (
        device is None or _kind(device) in _TABLE[str(default.name)][1]
    ):
        return str(default.name), wanted
    if wanted is None:
        return "numpy", None
    kind = _kind(wanted)
    having = [name for name, (_, kinds, _) in _TABLE.items() if kind in kinds]
    if len(having) == 1 or kind == "cpu":
        return having[0], wanted
    tried = [_probe(name) for name in having]
    for found in tried:
        if any(_kind(there) == kind for there in found.devices):
            return found.name, wanted
    raise BackendUnavailableError(
        f"no installed library has the device {wanted!r}: "
        + "; ".join(f"{found.name}: {found.reason}" for found in tried)
        + f" (installed by: {_install(having[0])})"
    )


def _auto(name: str | None, device: str | None, dtype: str) -> Backend:
    """The first usable CUDA device of the named library or of any, else the CPU."""
    names = [name] if name not in (None, "auto") else list(_TABLE)
    if device not in (None, "auto"):
        return get_backend(name if name != "auto" else None, device, dtype)
    for candidate in names:
        if "cuda" in _TABLE[str(candidate)][1]:
            found = [d for d in _probe(str(candidate)).devices if _kind(d) == "cuda"]
            if found:
                return _make(str(candidate), found[0], dtype)
    return _make(str(names[0]) if len(names) == 1 else "numpy", None, dtype)


def _adapt(backend: Backend, device: str | None, dtype: str | None) -> Backend:
    """The same kind of backend with another device or type, where one is asked for."""
    device, dtype = device or backend.device, dtype or backend.dtype
    if (device, dtype) == (backend.device, backend.dtype):
        return backend
    check_name(dtype, _DTYPES, "dtype")
    if backend.name in _TABLE:
        return _make(backend.name, device, dtype)
    return type(backend)(device, dtype)


def _make(name: str, device: str | None, dtype: str) -> Backend:
    if name == "numpy" and device in (None, "cpu"):
        return NumpyBackend("cpu", dtype)
    found = _probe(name)
    if not found.usable:
        raise BackendUnavailableError(f"{found.reason} (installed by: {_install(name)})")
    if device is None:
        device = found.devices[0]
    matching = [there for there in found.devices if there == device or _kind(there) == device]
    if not matching:
        kinds = _TABLE[name][1]
        why = f" ({found.reason})" if found.reason and _kind(device) in kinds else ""
        raise BackendUnavailableError(
            f"{name} {found.version} has no device {device!r} here{why}; "
            f"it has {', '.join(found.devices)}"
        )
    backend = _load(name)
    if lacking := backend.why_no_dtype(matching[0], dtype):
        raise BackendUnavailableError(f"{name} has no {dtype} on {matching[0]}: {lacking}")
    return backend(matching[0], dtype)


@functools.cache
def _probe(name: str) -> Availability:
    from importlib.util import find_spec  # not needed by `import bpnet`

    if find_spec(name) is None:
        return Availability(name, None, (), f"{name} is not installed")
    try:
        backend = _load(name)
    except Exception as error:  # a broken installation may raise anything, an OSError most often
        text = (str(error).strip().splitlines() or [""])[0]
        return Availability(
            name,
            None,
            (),
            f"{name} is installed but cannot be imported ({type(error).__name__}: {text})",
        )
    return backend.probe()


@functools.cache
def _load(name: str) -> type[Backend]:
    backend: type[Backend] = getattr(importlib.import_module(f".{name}", __name__), _TABLE[name][0])
    return backend


def _install(name: str) -> str:
    for_cuda_12 = ', for CUDA 12 "bpnet-xp[cuda12]"' if name == "cupy" else ""
    return f'pip install "{_TABLE[name][2]}"{for_cuda_12}'


def _kind(device: str) -> str:
    """``"cuda"`` of ``"cuda:1"``; raises where the name means no device."""
    kind, colon, index = device.partition(":")
    kinds = sorted({kind for _, there, _ in _TABLE.values() for kind in there} | {"auto"})
    check_name(kind, kinds, "device")
    if colon and not index.isdecimal():
        raise ValueError(f"device {device!r}: after the colon a number is expected, as in 'cuda:1'")
    return kind
