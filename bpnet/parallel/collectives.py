"""What communicators share: the clock of their calls, arrays as bytes, sums of gathered arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable
from time import perf_counter
from typing import Any, TypeVar, cast

import numpy as np

from ..backends import Array

__all__ = ["as_bytes", "in_one_piece", "summed", "timed"]

Method = TypeVar("Method", bound=Callable[..., Any])


def timed(method: Method) -> Method:
    """The same method of a communicator, which keeps its ``seconds`` and its ``broken``."""

    @functools.wraps(method)
    def measured(self: Any, *args: Any, **kwargs: Any) -> Any:
        begin = perf_counter()
        try:
            return method(self, *args, **kwargs)
        except Exception as error:
            self.broken = error
            raise
        finally:
            self.seconds += perf_counter() - begin

    return cast(Method, measured)


def in_one_piece(array: Array) -> np.ndarray[Any, Any]:
    """A NumPy array with rows in one piece: itself if it is one.

    Raises
    ------
    TypeError
        If it holds Python objects, whose addresses mean nothing to another process.
    """
    array = np.asarray(array, order="C")
    if array.dtype.hasobject:
        raise TypeError(
            f"arrays of dtype {array.dtype} cannot be sent: gather_objects sends Python objects"
        )
    return cast("np.ndarray[Any, Any]", array)


def as_bytes(array: Array) -> Array:
    """The bytes of an array in one piece, which share its memory: every dtype has them."""
    return array.reshape(-1).view("uint8")


def summed(gathered: Array) -> Array:
    """The sum of gathered arrays in their own dtype, in the order of the ranks; of bools, any."""
    total = gathered[:1]  # not [0], which of scalars is no array of NumPy
    for rank in range(1, gathered.shape[0]):
        total = total + gathered[rank : rank + 1]
    return total.reshape(gathered.shape[1:])
