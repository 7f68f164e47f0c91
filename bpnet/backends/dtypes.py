"""How the types of parameters and activations are named."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._lib.registry import check_name

__all__ = ["DTYPES", "cannot_hold", "check_dtype"]

DTYPES = ("float32", "float64")
_ALIASES = {"single": "float32", "double": "float64"}


def check_dtype(dtype: Any, known: tuple[str, ...] = DTYPES, what: str = "dtype") -> str:
    """The name of a dtype, given by its name or as an object of whatever library.

    Raises
    ------
    ValueError
        If it is none of those known.

    Examples
    --------
    >>> import numpy as np
    >>> check_dtype("double"), check_dtype(np.float32), check_dtype(np.dtype(">f8"))
    ('float64', 'float32', 'float64')
    """
    name = dtype
    if not isinstance(dtype, str):
        name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
        name = str(name).rpartition(".")[2]  # of torch.float32
    return check_name(_ALIASES.get(name, name), known, what)


def cannot_hold(dtype: str) -> str:
    """A clause on a finite number that is infinite in this dtype.

    >>> cannot_hold("float32")
    'which float32 cannot hold: its largest number is 3.4e+38'
    """
    return f"which {dtype} cannot hold: its largest number is {np.finfo(dtype).max:.3g}"
