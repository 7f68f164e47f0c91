"""Array libraries: which one computes, on which device, in which dtype."""

from .array_namespace import namespace
from .availability import Availability, BackendUnavailableError
from .base import Backend
from .loading import available_backends
from .namespaces import Array, Namespace
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
