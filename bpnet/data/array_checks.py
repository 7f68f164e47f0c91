"""Checks that samples and targets on the device share."""

from __future__ import annotations

from typing import Any

from ..backends import Array, Backend

__all__ = ["check_finite", "holds_integers"]


def check_finite(array: Array, name: str, backend: Backend) -> None:
    """Raise unless every entry is finite.

    Parameters
    ----------
    array : array, shape (m, n), floating
        On the backend's device.
    name : str
        What the message calls it.
    backend : Backend

    Raises
    ------
    ValueError
        If an entry is NaN or infinite; the message gives the first such row, and its value.
    """
    if not backend.all_finite(array):
        xp = backend.xp
        bad = xp.astype(~xp.isfinite(array), xp.int32)
        row = int(xp.argmax(xp.max(bad, axis=1)))
        column = int(xp.argmax(bad[row, :]))
        raise ValueError(
            f"{name} is not finite everywhere: row {row}, column {column} is "
            f"{float(array[row, column])}"
        )


def holds_integers(array: Any) -> bool:
    """Whether an array of any library holds integers or booleans."""
    kind = str(array.dtype)
    return "int" in kind or kind.endswith("bool")
