"""What a library that follows the array API standard says of itself."""

from __future__ import annotations

import sys
from typing import Any

from .devices import device_name
from .standard_namespace import as_standard, library_name

__all__ = ["LibraryInfo"]

_GUESS = {"real floating": ("float32", "float64"), "signed integer": ("int32", "int64")}


class LibraryInfo:
    """Version, devices and dtypes of a library.

    Parameters
    ----------
    namespace : module
        Of the standard, or one that array_api_compat makes such.

    Attributes
    ----------
    module : module
        The namespace of the standard.
    devices : dict of str to device
        The library's devices by name, its default first.
    takes_device : bool
        Whether its creation functions take a ``device``.
    """

    def __init__(self, namespace: Any) -> None:
        self.module = as_standard(namespace)
        self._info = getattr(self.module, "__array_namespace_info__", lambda: None)()
        self.devices = self._named()
        try:
            self.module.zeros(1, dtype=self.module.float32, device=None)
        except TypeError:
            self.takes_device = False
        else:
            self.takes_device = True

    @property
    def default_device(self) -> str:
        """Name of the device on which the library computes where none is named."""
        return next(iter(self.devices))

    @property
    def version(self) -> str | None:
        """Version of the library, where it says it."""
        root = sys.modules.get(library_name(self.module).partition(".")[0])
        version = getattr(self.module, "__version__", None) or getattr(root, "__version__", None)
        return None if version is None else str(version)

    def dtypes(self, device: Any, kind: str) -> tuple[str, ...]:
        """Names of the dtypes of a kind that a device has."""
        if self._info is None:
            return tuple(name for name in _GUESS[kind] if hasattr(self.module, name))
        return tuple(self._info.dtypes(device=device, kind=kind))

    def _named(self) -> dict[str, Any]:
        if self._info is None:
            default = getattr(self.module.zeros(1), "device", None)
            return {"default" if default is None else device_name(default): default}
        every = (self._info.default_device(), *self._info.devices())
        return {device_name(one): one for one in every if one is not None}
