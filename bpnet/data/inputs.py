"""Samples as a user gives them, checked and brought to the device."""

from __future__ import annotations

import warnings
from typing import Any

from .._lib.wording import in_code
from ..backends import Array, Backend
from ..backends.host_arrays import host_array
from ..backends.interop import library_of
from .array_checks import check_finite, holds_integers
from .sources.base import Source
from .sparse import SparseRows, is_sparse, sparse_rows

__all__ = ["as_inputs"]

_LARGEST_UNSCALED = 16  # integers beyond it are probably pixels or the like, which need scaling


def as_inputs(x: Any, width: int, backend: Backend, name: str = "x") -> Array | SparseRows:
    """Samples as a floating array on the device, or sparse rows that are dense some at a time.

    Parameters
    ----------
    x : array-like or sparse matrix, shape (m, ``width``)
        One sample per row.
    width : int
        Number of inputs of the network, n_0.
    backend : Backend
    name : str, optional
        What messages call x.

    Returns
    -------
    array or SparseRows, shape (m, ``width``)
        In the backend's library and dtype; it may share the memory of x.

    Raises
    ------
    ValueError
        If the shape is another, there is no sample, or a value is not finite.
    TypeError
        If x belongs to another library or device, or holds no numbers.
    """
    written = in_code(name)
    if library_of(x) is None:
        if is_sparse(x):
            return _sparse_inputs(x, width, backend, name)
        if isinstance(x, Source):
            raise TypeError(
                f"{name} is a source, {x!r}: `fit` alone takes one; elsewhere arrays are needed, "
                f"as x, y = source.read(0, {min(len(x), 1000)}) gives them"
            )
        if isinstance(x, list | tuple):
            written = f"numpy.asarray({written})"
        x = host_array(x, name)
    own = backend.asarray(x, name)
    if own is not x and holds_integers(x) and own.ndim and 0 not in own.shape:
        _warn_if_unscaled(int(backend.xp.min(own)), int(backend.xp.max(own)), name, written)
    _check_shape(tuple(own.shape), width, name, written, ("[None, :]", "[:, None]"))
    check_finite(own, x, name, backend)
    return own


def _sparse_inputs(x: Any, width: int, backend: Backend, name: str) -> SparseRows:
    written = in_code(name)
    _check_shape(x.shape, width, name, written, (".reshape(1, -1)", ".reshape(-1, 1)"))
    own = sparse_rows(x, backend, name)
    if holds_integers(x):
        low, high = own.extremes()
        _warn_if_unscaled(int(low), int(high), name, written)
    return own


def _check_shape(
    shape: tuple[int, ...], width: int, name: str, written: str, ways: tuple[str, str]
) -> None:
    """Raise ValueError unless samples are rows of so many columns.

    ``ways`` make a row, and a column, of one dimension.
    """
    if len(shape) == 1:
        single = f"; for a single sample {written}{ways[0]}" if shape[0] == width else ""
        raise ValueError(
            f"{name} has one dimension, shape {shape}: samples are rows, shape "
            f"(m, {width}){single or f'; for a single column {written}{ways[1]}'}"
        )
    if len(shape) != 2:
        rows = shape[0] if shape else 1
        raise ValueError(
            f"{name} has {len(shape)} dimensions, shape {shape}: samples are rows, shape "
            f"(m, {width}); {written}.reshape({rows}, -1) makes them so"
        )
    if shape[1] != width:
        raise ValueError(
            f"layer 1 expects {width} inputs, {name} has {shape[1]} columns: give {width} "
            f"columns, or make a network with {shape[1]} inputs"
        )
    if shape[0] == 0:
        raise ValueError(f"{name} is empty: it has 0 samples")


def _warn_if_unscaled(low: int, high: int, name: str, written: str) -> None:
    largest = max(-low, high)
    if largest > _LARGEST_UNSCALED:
        warnings.warn(
            f"{name} holds integers from {low} to {high}, which are converted but not scaled; "
            f"networks learn best from values of about -1 to 1 ({written} / {largest} perhaps)",
            UserWarning,
            stacklevel=2,
        )
