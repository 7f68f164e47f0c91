"""Samples and targets that belong together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...backends.host_arrays import host_array, refuse_masked
from ...backends.unsuitable import refuse_sparse
from ..labels import NO_TEXT
from ..sparse import is_sparse

__all__ = ["check_pair"]


def check_pair(x: Any, y: Any, x_name: str, y_name: str) -> None:
    """Refuse samples and targets that do not go together, by their shapes and types.

    Raises
    ------
    ValueError
        If there is no sample, numbers of rows differ, or targets have more than two dimensions.
    TypeError
        If either holds no real numbers.
    """
    if is_sparse(x):
        raise TypeError(
            f"{x_name} is a sparse matrix ({type(x).__name__}), and needs no source: net.fit(x, y) "
            "takes it as it is, and makes few rows dense at a time"
        )
    for array, name in ((x, x_name), (y, y_name)):
        refuse_sparse(array, name)
        refuse_masked(array, name)
        if len(array.shape) == 0:
            raise ValueError(f"{name} holds a single number, expected rows")
        if not isinstance(array.dtype, np.dtype):  # of PyTorch, for instance
            host_array(array[:1], name)
        elif array.dtype.kind not in "biuf":
            is_text = array is y and array.dtype.kind in "UT"
            needed = NO_TEXT if is_text else "real numbers are needed"
            raise TypeError(f"{name} holds {array.dtype}: {needed}")
    if len(y.shape) > 2:
        raise ValueError(f"{y_name} has {len(y.shape)} dimensions, targets have 1 or 2")
    if x.shape[0] != y.shape[0]:
        raise ValueError(f"{x_name} has {x.shape[0]} rows, {y_name} has {y.shape[0]}")
    if x.shape[0] == 0 or math.prod(x.shape) == 0:
        raise ValueError(f"{x_name} is empty: its shape is {tuple(x.shape)}")
