"""Which array library computes, on which device, in which dtype."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from .availability import BackendUnavailableError
from .base import Backend
from .default import Choice, chosen, current
from .devices import check_device, device_alias, device_kind, device_name
from .dtypes import check_dtype
from .loading import load, make, namespace_entry, probe, with_dtype
from .registry import BUILT_IN, DEVICE_KINDS, Entry, entry_of, install_hint

__all__ = ["get_backend", "moved", "use"]


def get_backend(
    name: str | Backend | Any = None,
    device: str | Any = None,
    dtype: str | None = None,
    *,
    compute_dtype: str | None = "keep",
    deterministic: bool | None = None,
) -> Backend:
    """The backend of that name on that device, in that dtype.

    Parameters
    ----------
    name : str, Backend or namespace, optional
        ``"numpy"``, ``"cupy"``, ``"torch"``, ``"jax"``, the name of a registered backend, or
        ``"auto"``: the first usable CUDA device, else NumPy. Or the array API namespace of any
        library, as ``array_api_strict`` or ``dask.array``. By default what `use`, else
        ``BPNET_BACKEND`` says, else NumPy; with a ``device`` that NumPy does not have, the first of
        CuPy, PyTorch and JAX that has it.
    device : str or device object, optional
        ``"cpu"``, ``"cuda"`` (or ``"gpu"``), ``"cuda:1"``; for PyTorch also ``"mps"``, ``"xpu"``;
        for another library what it understands itself. By default what `use`, else
        ``BPNET_DEVICE`` says where the library may have it, else the library's first.
    dtype : {"float32", "float64"} or dtype object, optional
        By default what `use` says, else ``"float32"``.
    compute_dtype : {"bfloat16", "float16", "tf32", "keep"} or None, optional
        What training computes in; None for ``dtype``. ``"keep"`` is None, or what it is in a
        `Backend` given as ``name``.
    deterministic : bool, optional
        Whether to prefer the same bits in every run to speed; likewise.

    Returns
    -------
    Backend

    Raises
    ------
    BackendUnavailableError
        If the library or device is not available here; the message says why and what installs it.
    ValueError
        If a name is unknown, or the backend cannot compute in ``compute_dtype`` or the same bits.
    TypeError
        If it is neither a name, a backend nor a namespace.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.get_backend("numpy", dtype="float64")
    <numpy on cpu, float64>
    """
    if not isinstance(name, Backend):
        name, device, dtype = _selected(name, device, dtype), None, None
    return moved(
        name, None, device, dtype, compute_dtype=compute_dtype, deterministic=deterministic
    )


def moved(
    backend: Backend,
    name: str | Backend | Any = None,
    device: str | Any = None,
    dtype: str | None = None,
    *,
    compute_dtype: str | None = "keep",
    deterministic: bool | None = None,
) -> Backend:
    """A backend with another library, device or dtype; what is not named stays.

    The device stays where the other library has it; ``compute_dtype`` and ``deterministic`` stay
    unless the other backend, or an argument, says otherwise.

    Parameters
    ----------
    backend : Backend
    name, device, dtype, compute_dtype, deterministic : optional
        As for `get_backend`.

    Returns
    -------
    Backend

    Raises
    ------
    BackendUnavailableError
        If the library or device is not available here.
    ValueError
        If the other backend cannot keep ``compute_dtype`` or ``deterministic``.
    """
    settings = backend.compute_dtype, backend.deterministic
    dtype = check_dtype(backend.dtype if dtype is None else dtype)
    if name is None or isinstance(name, Backend):
        found = backend if name is None else name
        settings = found.compute_dtype or settings[0], found.deterministic or settings[1]
        found = _elsewhere(found.configured(None, False), device, dtype)
    else:
        if device is None:
            device = _same_device(name, backend.device, dtype)
        found = _selected(name, device, dtype)
    if isinstance(compute_dtype, str) and compute_dtype == "keep":
        compute_dtype = settings[0]
    if deterministic is None:
        deterministic = settings[1]
    return found.configured(compute_dtype, deterministic)


def _same_device(name: Any, device: str, dtype: str) -> str | None:
    """What a library calls that device; None where it does not have it."""
    try:
        return _selected(name, device, dtype).device
    except (BackendUnavailableError, ValueError):
        return None


def _elsewhere(backend: Backend, device: Any, dtype: str) -> Backend:
    """The same library on another device or in another dtype, where one is asked for."""
    same = device is None or (isinstance(device, str) and device == backend.device)
    if same and dtype == backend.dtype:
        return backend
    device = backend.device if device is None else device
    entry = BUILT_IN.get(backend.name)
    if entry is None:
        return with_dtype(backend.on(device, dtype))
    return make(entry, _checked(device, entry), dtype)


def _selected(name: Any, device: Any, dtype: str | None) -> Backend:
    """The backend that a name, a namespace or else the default means."""
    default = current()
    if name is None and isinstance(default.backend, Backend):
        return moved(
            default.backend,
            None,
            default.device if device is None else device,
            default.dtype if dtype is None else dtype,
        )
    dtype = check_dtype((default.dtype or "float32") if dtype is None else dtype)
    wanted = default.backend if name is None else name
    entry = None if wanted is None or _is_auto(wanted) else _entry(wanted)
    if device is not None:
        device = _checked(device, entry)
    if name is None:
        entry, device = _by_default(default, entry, device)
        if entry is None or _is_auto(device):
            return _first_cuda(entry, device, dtype)
    elif _is_auto(name) or _is_auto(device) or (device is None and _is_auto(default.device)):
        return _first_cuda(entry, device, dtype)
    elif device is None and entry is not None and _may_have(entry, default.device):
        device = default.device
    assert entry is not None
    return make(entry, device, dtype)


def _entry(name: Any) -> Entry:
    """What is known of a name, or of the library of a namespace."""
    return entry_of(name) if isinstance(name, str) else namespace_entry(name)


def _checked(device: Any, entry: Entry | None) -> Any:
    """A device's name, or for a library that bpnet does not know whatever was given."""
    if entry is not None and entry.name not in BUILT_IN:
        return device
    if not isinstance(device, str):
        if entry is None:
            raise TypeError(
                f"device {device!r} is an object of a library: name the library too, by backend=..."
            )
        known = probe(entry).usable
        device = load(entry).device_name(device) if known else device_name(device)
    return check_device(device, DEVICE_KINDS)


def _may_have(entry: Entry, device: Any) -> bool:
    """Whether a library may have a device; another than bpnet's own is asked what it has."""
    if device is None:
        return False
    if entry.kinds:
        return device_kind(device) in entry.kinds
    wanted = device_name(device)
    return any(wanted in (one, device_kind(one)) for one in probe(entry).devices)


def _is_auto(chosen: Any) -> bool:
    return isinstance(chosen, str) and chosen == "auto"  # an array compares entry by entry


def _by_default(default: Choice, entry: Entry | None, device: Any) -> tuple[Entry | None, Any]:
    """The library where none was named, None for the first with CUDA; and the device on it.

    ``entry`` is that of the default.
    """
    wanted = default.device if device is None else device
    if _is_auto(wanted) or (device is None and _is_auto(default.backend)):
        return entry, wanted
    if entry is not None and (device is None or _may_have(entry, device)):
        return entry, wanted
    if wanted is None:
        return BUILT_IN["numpy"], None
    kind = device_kind(_checked(wanted, None))
    having = [one for one in BUILT_IN.values() if kind in one.kinds]
    if len(having) == 1 or kind == "cpu":
        return having[0], wanted
    tried = {one.name: probe(one) for one in having}
    for one in having:
        if any(device_kind(there) == kind for there in tried[one.name].devices):
            return one, wanted
    raise BackendUnavailableError(
        f"no installed library has the device {wanted!r}: "
        + "; ".join(f"{name}: {found.reason}" for name, found in tried.items())
        + install_hint(having[0])
        + ("; device='auto' uses the CPU where there is no usable GPU" if kind == "cuda" else "")
    )


def _first_cuda(entry: Entry | None, device: Any, dtype: str) -> Backend:
    """The first usable CUDA device of a library, or of any; else the library's own, or the CPU."""
    if device not in (None, "auto"):
        return _selected(None, device, dtype)
    for one in BUILT_IN.values() if entry is None else (entry,):
        if "cuda" in one.kinds:
            found = [there for there in probe(one).devices if device_kind(there) == "cuda"]
            if found:
                return make(one, found[0], dtype)
    return make(entry or BUILT_IN["numpy"], None, dtype)


class use:  # noqa: N801 - a verb, as a function's name
    """Change the default backend for networks made later in this context.

    Called as a function it holds until the next call; as a context manager, to the end of the
    block. Networks that exist keep their backend. The environment variables ``BPNET_BACKEND`` and
    ``BPNET_DEVICE`` set the default that holds before the first call.

    Parameters
    ----------
    name, device, dtype : optional
        As for `get_backend`; what is not named stays.

    Raises
    ------
    BackendUnavailableError
        If it is not available here.
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
        self,
        name: str | Backend | Any = None,
        device: str | Any = None,
        dtype: str | None = None,
    ) -> None:
        get_backend(name, device, dtype)  # raises here rather than at the first network
        default = current()
        if name is None:  # what is not named stays
            name, device = default.backend, device or default.device
        if isinstance(device, str):
            device = device_alias(device)
        dtype = check_dtype(dtype) if dtype else default.dtype
        self._token = chosen.set(Choice(name, device, dtype))

    def __enter__(self) -> use:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        chosen.reset(self._token)
