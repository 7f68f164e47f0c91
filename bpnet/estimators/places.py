"""Where arrays are, what computes there, and how they get to where they are needed.

Nothing is copied between devices unasked; only to and from NumPy, and between libraries on the CPU.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from ..backends import Array, Backend, get_backend, moved
from ..backends.default import current
from ..backends.dtypes import DTYPES
from ..backends.interop import device_of, library_of
from ..backends.registry import BUILT_IN
from ..data.sparse import is_sparse

__all__ = [
    "answer_for",
    "backend_of",
    "chosen_backend",
    "for_network",
    "importable",
    "imported",
    "is_at",
    "on_host",
    "taken",
    "values_of",
]


def backend_of(x: Any) -> Backend | None:
    """The library and device of an array, and its settings; None for all that NumPy reads.

    Its dtype is float64 for types of 64 bits where the device has that, else float32.

    Raises
    ------
    TypeError
        If an array is on several devices.
    """
    x = values_of(x)
    library = library_of(x)
    if library in (None, "numpy") or not (library in BUILT_IN or hasattr(x, "__array_namespace__")):
        return None
    if library in BUILT_IN:
        backend = get_backend(library, dtype="float32")
        if " and " in (device := backend.device_of(x)):
            raise TypeError(f"an array is spread over {device}: put it on one device")
        backend = moved(backend, device=device)
    else:
        backend = get_backend(x.__array_namespace__(), device_of(x), "float32")
    if str(x.dtype).endswith("64") and not backend.why_no_dtype("float64"):
        backend = moved(backend, dtype="float64")
    return backend


def values_of(x: Any) -> Any:
    """An array that is where x is: of a sparse matrix its entries."""
    return getattr(x, "data", None) if is_sparse(x) else x


def is_at(x: Any, backend: Backend) -> bool:
    """Whether x is an array of that backend's library, on its device, and not NumPy's."""
    x = values_of(x)
    if library_of(x) in (None, "numpy") or not backend.owns(x):
        return False
    return backend.device_of(x) == backend.device


def _is_on_cpu(backend: Backend) -> bool:
    return backend.device.lower().startswith("cpu")


def on_host(x: Any) -> Any:
    """A NumPy array of an array of another library; anything else as it is."""
    backend = backend_of(x)
    if backend is None or is_sparse(x):
        return x
    with backend.scope():
        return backend.to_numpy(x)


def chosen_backend(
    X: Any, *, backend: Any, device: Any, dtype: str | None, compute_dtype: str | None
) -> Backend:
    """What computes: the backend that an estimator was given, else that of its samples.

    Parameters
    ----------
    X : array or sparse matrix, shape (n, n_features)
        Checked, of a dtype that networks have.
    backend, device, dtype, compute_dtype : optional
        The estimator's parameters.

    Raises
    ------
    TypeError
        If X belongs to another library or is on another device.
    """
    given = isinstance(backend, Backend)
    own = backend_of(X)
    if dtype is None:
        default = current().dtype if own is None else None
        dtype = backend.dtype if given else default or _dtype_name(X)
    kept = "keep" if compute_dtype is None else compute_dtype
    if own is None or backend is not None:
        chosen = get_backend(backend, device, dtype, compute_dtype=kept)
        if own is None or is_at(X, chosen):
            return chosen
        if device is None and not given and chosen.owns(values_of(X)):
            return moved(chosen, device=own.device)
    else:
        chosen = moved(own, None, device, dtype, compute_dtype=kept)
        if is_at(X, chosen):
            return chosen
    raise TypeError(
        f"X is an array of {own.name} on {own.device}, but the estimator computes with "
        f"{chosen.name} on {chosen.device}: give X as {_place(chosen)}, or leave backend and "
        "device out"
    )


def for_network(X: Any, backend: Backend) -> Any:
    """Samples as a network of that backend takes them.

    Raises
    ------
    TypeError
        If X is on a device from which it would have to be copied unasked.
    """
    own = None if is_at(X, backend) else backend_of(X)
    if own is None:
        return X
    if is_sparse(X) or not _is_on_cpu(own):
        raise TypeError(
            f"X is an array of {own.name} on {own.device}, but the estimator was fitted with "
            f"{backend.name} on {backend.device}: give X as {_place(backend)}, or fit another "
            "on arrays like X"
        )
    with own.scope():
        return own.to_numpy(X)


def _place(backend: Backend) -> str:
    """What samples a backend takes."""
    own = f"an array of {backend.name} on {backend.device} or "
    return own * (not backend.owns(np.empty(0))) + "an array of NumPy"


def answer_for(X: Any, answer: Array) -> Array:
    """An answer in the library of the samples and on their device, if that can hold it.

    Parameters
    ----------
    X : array or sparse matrix
        Samples as they were given.
    answer : numpy.ndarray or sparse matrix
    """
    own = backend_of(X)
    if own is None or answer.dtype.kind not in "biuf" or is_sparse(answer):
        return answer
    with own.scope():
        return own.from_host(answer, answer.dtype.name)


def taken(x: Any, rows: np.ndarray[Any, Any], backend: Backend) -> Any:
    """Some rows of an array, of a backend or of NumPy, or of a sparse matrix."""
    if is_at(x, backend):
        return backend.xp.take(x, backend.from_host(rows, "int64"), axis=0)
    return x[rows]


def _dtype_name(x: Any) -> str:
    """Name of a dtype that networks have, whatever library it is of."""
    name = str(x.dtype).rpartition(".")[2]
    return name if name in DTYPES else "float64"


class _Path(NamedTuple):
    """The import path of a namespace, which as a module cannot be pickled."""

    name: str


def importable(backend: Any) -> Any:
    """What can be pickled for an estimator's ``backend``."""
    if isinstance(backend, ModuleType) and sys.modules.get(backend.__name__) is backend:
        return _Path(backend.__name__)
    return backend


def imported(backend: Any) -> Any:
    """What `importable` was given; its path where that cannot be imported here."""
    if not isinstance(backend, _Path):
        return backend
    try:
        return importlib.import_module(backend.name)
    except ImportError:
        return backend.name
