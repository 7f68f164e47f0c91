"""The backends that a name stands for: built in, registered, or of an installed package."""

from __future__ import annotations

import functools
import sys
from types import ModuleType
from typing import Any

from .._lib.install import REQUIREMENTS, pip_install
from .._lib.registry import check_name

__all__ = ["BUILT_IN", "Entry", "conflicts", "entry_of", "known", "register", "unregister"]

GROUP = "bpnet.backends"


class Entry:
    """What is known of a backend before its library is imported.

    Parameters
    ----------
    name : str
    factory : callable, namespace or str
        As for `register`.
    target : object or str, optional
        As for `register`.
    origin : str, optional
        Who registered it; empty for what is built in.
    kinds : tuple of str, optional
        Kinds of device that it may have; empty where that is not known.
    """

    def __init__(
        self,
        name: str,
        factory: Any,
        target: Any = None,
        origin: str = "",
        kinds: tuple[str, ...] = (),
    ) -> None:
        self.name, self.factory, self.target, self.origin = name, factory, target, origin
        self.kinds = kinds


_ROWS = (  # name, class, kinds of device
    ("numpy", "NumpyBackend", ("cpu",)),
    ("cupy", "CupyBackend", ("cuda",)),
    ("torch", "TorchBackend", ("cpu", "cuda", "mps", "xpu")),
    ("jax", "JaxBackend", ("cpu", "cuda", "tpu")),
)
BUILT_IN = {
    name: Entry(name, f"bpnet.backends.{name}:{kind}", None, "", kinds)
    for name, kind, kinds in _ROWS
}
DEVICE_KINDS = sorted({kind for entry in BUILT_IN.values() for kind in entry.kinds} | {"auto"})

_registered: dict[str, Entry] = {}


def register(name: str, factory: Any, *, target: Any = None) -> None:
    """Make a backend known under a name.

    The name then works everywhere: ``Network(backend=name)``, `bpnet.use`, ``BPNET_BACKEND``,
    ``--backend``, `bpnet.available_backends`. An installed package does the same without this
    call through an entry point of the group ``bpnet.backends``, whose value is the import path of
    a factory.

    Parameters
    ----------
    name : str
    factory : callable, namespace or str
        ``factory(device, dtype)`` returns a `Backend`; a subclass of `Backend` is such a factory.
        ``device`` is None for the library's own default. Or a namespace of the array API standard.
        Or the import path of either, as ``"package.module:attribute"``, imported when it is needed.
    target : object or str, optional
        What compiles steps for it: anything with ``compile_step(backend, step)`` and
        ``compile_forward(backend, forward)``, a class of such, or the import path of either, as
        ``"package.module:Name"``. By default the ``target`` of the backend, else the plain loop
        runs the steps.

    Raises
    ------
    ValueError
        If the name is taken.
    TypeError
        If the factory is none of these.

    Examples
    --------
    >>> import array_api_strict
    >>> import bpnet
    >>> bpnet.backends.register("strict", array_api_strict)
    >>> bpnet.Network([2, 1], backend="strict", seed=0)
    Network(2 -> 1 sigmoid, cost=quadratic, 3 parameters, strict on CPU_DEVICE, float32)
    >>> bpnet.backends.unregister("strict")
    """
    if not isinstance(name, str) or not name or name == "auto":
        raise ValueError(f"a backend cannot be called {name!r}: its name must be a word")
    if name in BUILT_IN:
        raise ValueError(f"the name {name!r} belongs to a backend of bpnet: choose another")
    if name in _registered:
        raise ValueError(
            f"a backend {name!r} is registered already, as {_registered[name].factory!r}: choose "
            f"another name, or call bpnet.backends.unregister({name!r}) first"
        )
    if not (callable(factory) or isinstance(factory, str) or hasattr(factory, "asarray")):
        raise TypeError(
            f"the factory of backend {name!r} must be callable, an array API namespace or an "
            f"import path, not {factory!r}"
        )
    if isinstance(target, ModuleType) and sys.modules.get(target.__name__) is target:
        target = target.__name__  # which can be pickled
    _registered[name] = Entry(name, factory, target, "bpnet.backends.register")


def unregister(name: str) -> None:
    """Forget a backend that `register` made known; networks that use it keep it.

    Parameters
    ----------
    name : str

    Raises
    ------
    ValueError
        If no backend was registered under that name.
    """
    del _registered[check_name(name, _registered, "registered backend")]


def entry_of(name: str, what: str = "backend") -> Entry:
    """The backend of that name; what installed packages offer is looked up only if need be.

    Raises
    ------
    ValueError
        If there is none; ``what`` is what the message calls it.
    """
    for table in (BUILT_IN, _registered):
        if name in table:
            return table[name]
    everything = known()
    if "." in name and name not in everything:
        raise ValueError(
            f"unknown {what} {name!r}: the namespace of an array library is given as the module "
            "itself, not by its import path"
        )
    return everything[check_name(name, (*everything, "auto"), what)]


def known() -> dict[str, Entry]:
    """Every backend by name, those of installed packages included."""
    return {**BUILT_IN, **_of_packages()[0], **_registered}


def conflicts() -> list[tuple[str, str]]:
    """Names that installed packages ask for and do not get, and why."""
    offered, found = _of_packages()
    found = list(found)
    for name in offered:
        if name in _registered:
            found.append((name, f"{offered[name].origin} offers it too, and is not used"))
    return found


@functools.cache
def _of_packages() -> tuple[dict[str, Entry], list[tuple[str, str]]]:
    """What the entry points of installed packages offer, and which are in each other's way."""
    from importlib.metadata import entry_points  # takes 20 ms

    offered: dict[str, Entry] = {}
    refused = []
    for point in entry_points(group=GROUP):
        origin = f"the package {point.dist.name}" if point.dist else "an entry point"
        path = point.module + (f":{point.attr}" if point.attr else "")
        if point.name in BUILT_IN or point.name == "auto":
            refused.append((point.name, f"{origin} offers it too, but the name is bpnet's own"))
        elif point.name in offered:
            if path == offered[point.name].factory:
                continue  # the same package, found twice
            first = offered[point.name].origin
            refused.append((point.name, f"{first} and {origin} both offer it: the first is used"))
        else:
            offered[point.name] = Entry(point.name, path, None, origin)
    return offered, refused


def install_hint(entry: Entry, kind: str = "") -> str:
    """What installs a backend for a kind of device, to end a message with."""
    if entry.name not in REQUIREMENTS:
        return ""
    if f"{entry.name} for {kind}" in REQUIREMENTS:  # another build of the same library
        return f" (installed by: {pip_install(f'{entry.name} for {kind}')})"
    older = f', for CUDA 12 "{REQUIREMENTS["cupy for CUDA 12"]}"' if entry.name == "cupy" else ""
    return f" (installed by: {pip_install(entry.name)}{older})"
