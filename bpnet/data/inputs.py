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

__all__ = ["as_inputs"]

_LARGEST_UNSCALED = 16  # integers beyond it are probably pixels or the like, which need scaling


def as_inputs(x: Any, width: int, backend: Backend, name: str = "x") -> Array:
    """Samples as a floating array on the device.

    Parameters
    ----------
    x : array-like, shape (m, ``width``)
        One sample per row.
    width : int
        Number of inputs of the network, n_0.
    backend : Backend
    name : str, optional
        What messages call x.

    Returns
    -------
    array, shape (m, ``width``)
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
        if isinstance(x, Source):
            raise TypeError(
                f"{name} is a source, {x!r}: `fit` alone takes one; elsewhere arrays are needed, "
                f"as x, y = source.read(0, {min(len(x), 1000)}) gives them"
            )
        if isinstance(x, list | tuple):
            written = f"numpy.asarray({written})"
        x = host_array(x, name)
    own = backend.asarray(x, name)
    if own is not x and holds_integers(x):
        _warn_if_unscaled(own, name, written, backend.xp)
    if own.ndim == 1:
        single = f"; for a single sample {written}[None, :]" if own.shape[0] == width else ""
        raise ValueError(
            f"{name} has one dimension, shape {tuple(own.shape)}: samples are rows, shape "
            f"(m, {width}){single or f'; for a single column {written}[:, None]'}"
        )
    if own.ndim != 2:
        rows = own.shape[0] if own.ndim else 1
        raise ValueError(
            f"{name} has {own.ndim} dimensions, shape {tuple(own.shape)}: samples are rows, shape "
            f"(m, {width}); {written}.reshape({rows}, -1) makes them so"
        )
    if own.shape[1] != width:
        raise ValueError(
            f"layer 1 expects {width} inputs, {name} has {own.shape[1]} columns: give {width} "
            f"columns, or make a network with {own.shape[1]} inputs"
        )
    if own.shape[0] == 0:
        raise ValueError(f"{name} is empty: it has 0 samples")
    check_finite(own, x, name, backend)
    return own


def _warn_if_unscaled(x: Any, name: str, written: str, xp: Any) -> None:
    if x.ndim and 0 not in x.shape:
        low, high = int(xp.min(x)), int(xp.max(x))
        largest = max(-low, high)
        if largest > _LARGEST_UNSCALED:
            warnings.warn(
                f"{name} holds integers from {low} to {high}, which are converted but not scaled; "
                f"networks learn best from values of about -1 to 1 ({written} / {largest} perhaps)",
                UserWarning,
                stacklevel=2,
            )
