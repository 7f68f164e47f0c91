"""Samples in sparse matrices of SciPy or CuPy, of which only some rows at a time are dense."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from .._lib.wording import in_code
from ..backends import Array, Backend
from ..backends.host_arrays import host_array
from ..compiler.rows import take_rows
from .array_checks import refuse_not_finite

__all__ = ["SparseRows", "dense", "dense_rows", "is_sparse", "sparse_rows"]

_MODULES = ("scipy.sparse", "cupyx.scipy.sparse")
_ENTRIES = 2**20  # of a dense block: some megabytes, which processor caches hold


class SparseRows:
    """A sparse matrix whose rows are samples, checked: see `sparse_rows`.

    Parameters
    ----------
    matrix : csr_array or csr_matrix, shape (m, n_0)
    backend : Backend
        Where its rows are wanted.

    Attributes
    ----------
    shape : (int, int)
    """

    def __init__(self, matrix: Any, backend: Backend) -> None:
        self._matrix, self._backend = matrix, backend
        self.shape: tuple[int, int] = tuple(matrix.shape)

    @property
    def rows_at_once(self) -> int:
        """Rows that are to be dense at a time, so that memory does not grow with their number."""
        return max(1, _ENTRIES // self.shape[1])

    def take(self, rows: np.ndarray[Any, Any]) -> SparseRows:
        """Some rows, sparse as before."""
        return SparseRows(self._matrix[rows], self._backend)

    def dense(self, rows: slice | np.ndarray[Any, Any]) -> Array:
        """Some rows as a dense array on the device, in the backend's dtype."""
        return self._backend.asarray(self._matrix[rows].toarray())

    @property
    def stored(self) -> tuple[Array, Array, Array]:
        """Entries that are stored, their columns, and where each row begins: equal if x is."""
        return self._matrix.data, self._matrix.indices, self._matrix.indptr

    def extremes(self) -> tuple[float, float]:
        """The least and the greatest entry, zeros among them."""
        data = self._matrix.data
        found = [float(data.min()), float(data.max())] if data.size else [0.0]
        if data.size < math.prod(self.shape):
            found.append(0.0)
        return min(found), max(found)


def is_sparse(x: object) -> bool:
    """Whether something is a sparse matrix or array of SciPy or CuPy."""
    return _module_of(x) is not None


def dense(x: Array | SparseRows) -> Array:
    """All samples as a dense array."""
    return x.dense(slice(None)) if isinstance(x, SparseRows) else x


def dense_rows(backend: Backend, x: Array | SparseRows, rows: slice) -> Array:
    """Some samples as a dense array, a view where that is possible."""
    return x.dense(rows) if isinstance(x, SparseRows) else take_rows(backend, x, rows)


def sparse_rows(x: Any, backend: Backend, name: str = "x") -> SparseRows:
    """Samples in a sparse matrix, checked; neither is it modified nor ever dense as a whole.

    Parameters
    ----------
    x : sparse matrix or array, shape (m, n_0)
        In any format: all but CSR are converted to it once. Entries stored twice add up.
    backend : Backend
    name : str, optional
        What messages call x.

    Returns
    -------
    SparseRows

    Raises
    ------
    ValueError
        If an entry is not finite, or beyond the backend's dtype, or the matrix is damaged.
    TypeError
        If it holds complex numbers, or is on a device that the backend does not compute on.
    """
    module, it = _module_of(x), in_code(name)
    on_host = module == _MODULES[0]
    if not on_host:
        backend.reject_foreign(x.data, name)
    if x.dtype.kind == "c":
        raise TypeError(
            f"{name} holds complex numbers ({x.dtype}): real ones are needed; "
            f"{module}.hstack([{it}.real, {it}.imag]) makes columns of both parts"
        )
    matrix = _csr(x, name) if on_host else x.tocsr()
    given = matrix.data
    if on_host:
        with np.errstate(over="ignore"):  # what the dtype cannot hold is refused by name
            own = host_array(given, name).astype(backend.dtype, copy=False)
    else:
        own = backend.to_dtype(given, name, backend.dtype)
    finite = np.isfinite(own) if on_host else backend.xp.isfinite(own)
    if not bool(finite.all()):
        k = int((~finite).nonzero()[0][0])
        row = int((matrix.indptr <= k).sum()) - 1
        column, value = int(matrix.indices[k]), float(given[k])
        refuse_not_finite(value, row, column, name, backend)
    parts = own, matrix.indices, matrix.indptr
    return SparseRows(type(matrix)(parts, shape=matrix.shape), backend)


def _module_of(x: object) -> str | None:
    """Name of the module that a sparse matrix belongs to; None for anything else."""
    if not hasattr(x, "nnz"):
        return None
    for name in _MODULES:
        module = sys.modules.get(name)  # without it there is no such matrix
        if module is not None and module.issparse(x):
            return name
    return None


def _csr(x: Any, name: str) -> Any:
    """A matrix of SciPy in the CSR format, its entries sorted, each stored once."""
    from scipy import sparse

    try:
        if x.format in ("csr", "csc", "bsr"):  # others keep their indices in order themselves
            kind = getattr(sparse, f"{x.format}_array")
            x = kind((x.data, x.indices, x.indptr), shape=x.shape)  # checks change attributes
            x.check_format(full_check=True)
    except ValueError as error:
        raise ValueError(f"{name} is a damaged {x.format} matrix: {error}") from error
    x = x.tocsr()
    x = sparse.csr_array((x.data, x.indices, x.indptr), shape=x.shape)
    if x.has_canonical_format:
        return x
    # `sum_duplicates` would sort in place, and not stably: sums would differ from `toarray`'s.
    rows = np.repeat(np.arange(x.shape[0]), np.diff(x.indptr))
    order = np.lexsort((x.indices, rows))
    x = sparse.csr_array((x.data[order], x.indices[order], x.indptr.copy()), shape=x.shape)
    x.sum_duplicates()
    return x
