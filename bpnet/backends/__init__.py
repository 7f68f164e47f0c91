"""Array libraries: which one computes, on which device, in which dtype."""

from typing import TYPE_CHECKING

from .._lib.lazy import lazy_attributes
from .array_namespace import namespace
from .availability import Availability, BackendUnavailableError
from .base import Backend
from .interop import Array

if TYPE_CHECKING:
    from .loading import available_backends
    from .namespaces import Namespace
    from .registry import register, unregister
    from .selection import get_backend, moved, use

__all__ = [
    "Array",
    "Availability",
    "Backend",
    "BackendUnavailableError",
    "Namespace",
    "available_backends",
    "get_backend",
    "moved",
    "namespace",
    "register",
    "unregister",
    "use",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "Namespace": "namespaces",
        "available_backends": "loading",
        "get_backend": "selection",
        "moved": "selection",
        "register": "registry",
        "unregister": "registry",
        "use": "selection",
    },
)
