"""NumPy arrays of real numbers, from whatever a user gives."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

__all__ = ["host_array", "refuse_masked"]

_PYTHON_NUMBERS = {bool, int, float}
_DEEPEST = 64  # dimensions that NumPy allows; a list may also hold itself


def host_array(x: object, name: str = "x") -> np.ndarray[Any, Any]:
    """A NumPy array of real numbers, in native byte order, from a list, an array or a table.

    Parameters
    ----------
    x : array-like
    name : str, optional
        What messages call it.

    Returns
    -------
    numpy.ndarray
        It may share the memory of ``x``.

    Raises
    ------
    TypeError
        If it holds anything but real numbers, or is masked; the message says what to do.
    ValueError
        If rows differ in length.

    Examples
    --------
    >>> host_array([[1, 2], [3, 4.5]])
    array([[1. , 2. ],
           [3. , 4.5]])
    >>> host_array(["cat", "dog"], "y")
    Traceback (most recent call last):
    TypeError: y holds text, such as 'cat': numbers are needed; ...
    """
    if type(x) is np.ndarray:
        array = x
    else:
        from .unsuitable import refuse_kind, refuse_unreadable

        refuse_masked(x, name)
        refuse_kind(x, name)
        try:
            array = np.asarray(x)
        except Exception as error:  # raised by whatever library the parts belong to
            refuse_unreadable(x, name, error)
    if array.dtype.kind not in "biuf":
        if array.dtype.kind == "V" and np.can_cast(array.dtype, np.float32):
            return array.astype(np.float32)  # bfloat16 and its kin, which NumPy itself lacks
        from .unsuitable import refuse_entries

        refuse_entries(x, array, name)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def refuse_masked(x: object, name: str, depth: int = 0) -> None:
    """Raise TypeError if an array, or an array in a list, is masked: the mask would be lost."""
    if isinstance(x, list | tuple):
        # Without numpy.ma no array is masked, and long lists need not be gone through.
        if "numpy.ma" not in sys.modules or depth == _DEEPEST:
            return
        if not set(map(type, x)) <= _PYTHON_NUMBERS:
            for part in x:
                refuse_masked(part, name, depth + 1)
    elif _is_masked(x):
        from .unsuitable import refuse_mask

        refuse_mask(x, name)


def _is_masked(x: object) -> bool:
    masked = sys.modules.get("numpy.ma")  # without it there is no masked array
    if masked is None:
        return type(x).__name__ == "MaskedTensor"
    array = getattr(x, "_meta", x)  # dask keeps an empty array of the kind of its parts
    return isinstance(array, masked.MaskedArray) or type(x).__name__ == "MaskedTensor"
