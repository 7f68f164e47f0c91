"""How an array of a library that nothing is known of gets to NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import methodcaller
from typing import Any

import numpy as np

from .availability import BackendUnavailableError
from .interop import Array

__all__ = ["way_to_host"]

ToHost = Callable[[Array], Any]
_METHODS = ("numpy", "to_numpy", "unwrap_numpy", "get")  # what libraries call it that lack the rest


def way_to_host(
    library: str, tried: Array, expected: np.ndarray[Any, Any], devices: Sequence[tuple[str, Any]]
) -> ToHost:
    """The first way by which an array arrives as it should.

    Parameters
    ----------
    library : str
        What messages call it.
    tried : array
        Of that library and device.
    expected : numpy.ndarray
        What it holds.
    devices : sequence of (str, device)
        The library's.

    Raises
    ------
    BackendUnavailableError
        If there is none; the message says what became of each.
    """
    failures = []
    for what, way in _ways(tried, devices):
        try:
            found = np.asarray(way(tried))
        except Exception as error:  # each library refuses in its own way
            failures.append(f"{what}: {type(error).__name__}")
            continue
        if found.dtype == expected.dtype and np.array_equal(found, expected):
            return way
        failures.append(f"{what}: an array of {found.dtype}")
    raise BackendUnavailableError(f"{library} offers no way to NumPy ({'; '.join(failures)})")


def _ways(x: Array, devices: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, ToHost]]:
    if hasattr(x, "__dlpack__"):
        yield "numpy.from_dlpack", np.from_dlpack
        yield "numpy.from_dlpack to the CPU", _dlpack_to_cpu
    yield "numpy.asarray", np.asarray
    for name in _METHODS:
        if hasattr(x, name):
            yield name, methodcaller(name)
    if hasattr(x, "to_device"):
        for name, device in devices:
            if name.lower().startswith("cpu"):
                yield f"to_device({name!r})", _by_device(device)


def _dlpack_to_cpu(x: Array) -> Any:
    return np.from_dlpack(x, device="cpu", copy=True)  # NumPy 2.1 and later


def _by_device(device: Any) -> ToHost:
    return lambda x: np.asarray(x.to_device(device))
