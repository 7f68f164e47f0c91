"""A backend for any library that follows the array API standard; the plain loop runs its steps."""

from __future__ import annotations

import contextlib
import importlib
import sys
from types import ModuleType
from typing import Any

import numpy as np

from .availability import Availability, BackendUnavailableError
from .base import Backend
from .devices import device_name
from .interop import Array, device_of
from .library_info import LibraryInfo
from .standard_namespace import StandardNamespace, library_name
from .transfers import way_to_host

__all__ = ["NamespaceFactory", "StandardBackend"]


_EXPONENTS = np.linspace(-2.0, 2.0, 9)


class StandardBackend(Backend):
    """The arrays of any library that follows the array API standard, on one device.

    Parameters
    ----------
    namespace : module or str
        Of the standard, or its import path.
    device : str or device object, optional
        As the library understands it; by default the library's own default.
    dtype : {"float32", "float64"}, optional
        Type of parameters and activations.
    name : str, optional
        What the backend is called; by default the namespace's import path.

    Raises
    ------
    TypeError
        If it is no namespace of the standard.
    BackendUnavailableError
        If the library refuses the device, or offers no way from or to NumPy.

    Examples
    --------
    >>> import array_api_strict
    >>> from bpnet.backends.standard import StandardBackend
    >>> backend = StandardBackend(array_api_strict, array_api_strict.Device("device1"))
    >>> backend
    <array_api_strict on device1, float32>
    >>> backend.to_numpy(backend.from_host(np.ones(2), "float32"))
    array([1., 1.], dtype=float32)
    """

    def __init__(
        self, namespace: Any, device: Any = None, dtype: str = "float32", name: str | None = None
    ) -> None:
        if isinstance(namespace, str):
            namespace = importlib.import_module(namespace)
        self._namespace = namespace
        self.name = name or library_name(namespace)
        library = LibraryInfo(namespace)
        self.xp: Any = StandardNamespace(library.module, library.takes_device)
        super().__init__(library.default_device if device is None else device_name(device), dtype)
        self._devices = library.devices
        self._device = self._devices.get(self.device, device)
        if self.device != library.default_device and not library.takes_device:
            raise BackendUnavailableError(
                f"{self.name} takes no device: it computes on its own default, "
                f"{library.default_device}"
            )
        self._floats = library.dtypes(self._device, "real floating")
        self._integers = library.dtypes(self._device, "signed integer")
        sample = np.arange(6, dtype="float32").reshape(2, 3)
        try:
            tried = self.from_host(sample, "float32")
        except Exception as error:
            raise BackendUnavailableError(
                f"{self.name} has no device {device!r} here; it has {', '.join(self._devices)} "
                f"({type(error).__name__}: {error})"
            ) from error
        self._array = type(tried)
        self._to_host = way_to_host(self.name, tried, sample, list(self._devices.items()))

    def arguments(self, device: str, dtype: str) -> tuple[Any, ...]:
        namespace = self._namespace
        if isinstance(namespace, ModuleType) and sys.modules.get(namespace.__name__) is namespace:
            namespace = namespace.__name__  # which can be pickled
        place = self._device if device == self.device and device not in self._devices else device
        return namespace, place, dtype, self.name

    def why_no_dtype(self, dtype: str) -> str:
        if dtype not in self._floats:
            return f"its floating-point dtypes there are {', '.join(self._floats)}"
        exact = np.exp(_EXPONENTS)
        found = self.to_numpy(self.xp.exp(self.from_host(_EXPONENTS, dtype)))
        error = float(np.max(np.abs(found / exact - 1.0)))
        most = 64 * float(np.finfo(dtype).eps)
        return "" if error < most else f"its exp has a relative error of {error:.0e} there"

    def owns(self, x: object) -> bool:
        return isinstance(x, self._array)

    def device_of(self, x: Array) -> str:
        device = device_of(x)
        return self.device if device is None else device_name(device)

    def from_host(self, x: np.ndarray[Any, Any], dtype: str) -> Array:
        if dtype == "int64" and dtype not in self._integers:
            dtype = "int32"  # of row numbers, to the same effect
        own = np.array(x, dtype=dtype, order="C")
        return self.xp.asarray(own, dtype=getattr(self.xp, dtype), device=self._device)

    def to_numpy(self, x: Array) -> np.ndarray[Any, Any]:
        return np.array(self._to_host(x))

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        # Libraries made on NumPy would warn of what training looks for itself.
        return np.errstate(all="ignore")


class NamespaceFactory:
    """Makes backends of one namespace.

    Parameters
    ----------
    namespace : module
        Of the array API standard, or one that array_api_compat makes such.
    name : str
        What the backends are called.
    """

    def __init__(self, namespace: Any, name: str) -> None:
        self._namespace, self._name = namespace, name

    def __call__(self, device: Any, dtype: str) -> StandardBackend:
        return StandardBackend(self._namespace, device, dtype, self._name)

    def probe(self) -> Availability:
        """Version and devices of the library."""
        library = LibraryInfo(self._namespace)
        return Availability(self._name, library.version, tuple(library.devices))
