"""Checks that samples and targets on the device share."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from ..backends import Array, Backend
from ..backends.dtypes import cannot_hold

__all__ = ["check_finite", "holds_integers", "refuse_not_finite"]


def check_finite(array: Array, given: Array, name: str, backend: Backend) -> None:
    """Raise unless every entry is finite.

    Parameters
    ----------
    array : array, shape (m, n), floating
        On the backend's device.
    given : array, shape (m, n) or (m,)
        What it was converted from.
    name : str
        What the message calls it.
    backend : Backend

    Raises
    ------
    ValueError
        If an entry is NaN or infinite; the message gives the first such row, and its value. A
        finite number that the backend's dtype cannot hold is named as such.
    """
    if not backend.all_finite(array):
        xp = backend.xp
        bad = xp.astype(~xp.isfinite(array), xp.int32)
        row = int(xp.argmax(xp.max(bad, axis=1)))
        column = int(xp.argmax(bad[row, :]))
        value = float(given[row, column] if given.ndim == 2 else given[row])
        refuse_not_finite(value, row, column, name, backend)


def refuse_not_finite(value: float, row: int, column: int, name: str, backend: Backend) -> NoReturn:
    """Raise ValueError for an entry that is not finite, or not so in the backend's dtype."""
    where = f"row {row}, column {column}"
    if np.isfinite(value):
        wider = "" if backend.dtype == "float64" else ", or give the network dtype='float64'"
        raise ValueError(
            f"{name} is {value:g} in {where}, {cannot_hold(backend.dtype)}; scale {name}{wider}"
        )
    raise ValueError(
        f"{name} is not finite everywhere: {where} is {value}; fill in missing values, or "
        "leave these samples out"
    )


def holds_integers(array: Any) -> bool:
    """Whether an array of any library holds integers or booleans."""
    if isinstance(array.dtype, np.dtype) and array.dtype.kind != "V":
        return array.dtype.kind in "biu"  # of any byte order
    kind = str(array.dtype)
    return "int" in kind or kind.endswith("bool")
