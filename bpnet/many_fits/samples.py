"""The samples of many fits, on the host, and some rows of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends import Backend
from ..backends.interop import library_of
from ..data.sparse import is_sparse

__all__ = ["on_host", "rows_of"]


def on_host(x: Any, backend: Backend) -> Any:
    """An array of the backend's library as NumPy's; anything else as it is."""
    if library_of(x) not in (None, "numpy") and backend.owns(x):
        with backend.scope():
            return backend.to_numpy(x)
    if is_sparse(x) and not isinstance(getattr(x, "data", None), np.ndarray):
        return x.get()  # CuPy's
    return x


def rows_of(x: Any, rows: np.ndarray[Any, Any]) -> Any:
    """Some rows of an array, a sparse matrix, a frame or a list."""
    if x is None:
        return None
    if hasattr(x, "iloc"):
        return x.iloc[rows]
    if is_sparse(x):
        return x.tocsr()[rows]
    if isinstance(x, list | tuple):
        return [x[row] for row in rows]
    return x[rows]
