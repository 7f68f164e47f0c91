"""Arrays of any library: which library, which device, and how to get them to NumPy."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

__all__ = ["Array", "device_of", "host_array", "library_of"]

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


def host_array(x: object, name: str = "x") -> np.ndarray[Any, Any]:
    """A NumPy array of real numbers from a list, a NumPy array or a table.

    Raises
    ------
    TypeError
        If it holds anything but real numbers.
    ValueError
        If rows differ in length.
    """
    if type(x).__module__.startswith("scipy.sparse"):
        raise TypeError(f"{name} is a sparse matrix: pass {name}.toarray()")
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name} is no array: {error}") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} has dtype {array.dtype}: real numbers are needed; "
            f"convert it first, as by {name}.astype('float32')"
        )
    return array
