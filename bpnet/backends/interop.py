"""Arrays of any library: which library, which device."""

from __future__ import annotations

from typing import Any, TypeAlias

__all__ = ["Array", "device_of", "library_of"]

Array: TypeAlias = Any
"""An array of whatever library computes; the array API standard says what it can do."""

_LIBRARIES = {
    "numpy": "numpy",
    "cupy": "cupy",
    "torch": "torch",
    "jax": "jax",
    "jaxlib": "jax",
    "array_api_strict": "array-api-strict",
    "dask": "dask",
    "tensorflow": "tensorflow",
    "mlx": "mlx",
}


def library_of(x: object) -> str | None:
    """Name of the array library that ``x`` belongs to, or None for anything else."""
    # A library has more than arrays: datasets and sparse matrices, for instance.
    if not hasattr(x, "dtype") or hasattr(x, "todense"):
        return None
    for kind in type(x).__mro__:
        root = kind.__module__.partition(".")[0]
        if root in _LIBRARIES:
            return _LIBRARIES[root]
    if hasattr(x, "__array_namespace__"):
        return type(x).__module__.partition(".")[0]
    return None


def device_of(x: Array) -> Any:
    """Device of an array; None where it has none: of dask and MLX, or in a trace of JAX."""
    return getattr(x, "device", None)
