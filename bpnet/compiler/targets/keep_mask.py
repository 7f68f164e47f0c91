"""Masks in NumPy, without allocating arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backends import Array
from ...backends.counter_random import FIRST, SECOND

__all__ = ["KeepMask"]


class KeepMask:
    """`Namespace.keep_mask` in arrays made beforehand.

    Parameters
    ----------
    shape : tuple of int
        (samples, units).
    probability : float
    first : int
        Number of the first sample.
    dtype : numpy.dtype
    """

    def __init__(self, shape: tuple[int, ...], probability: float, first: int, dtype: Any) -> None:
        m, n = shape
        self._samples = np.arange(first, first + m, dtype=np.uint32)[:, None]
        self._units = np.arange(n, dtype=np.uint32)[None, :]
        # The upper 24 bits are less than a number where all 32 are less than 256 times that.
        self._bound = np.asarray(min(round(probability * 2**24) << 8, 2**32 - 1), np.uint32)
        self._scale = np.asarray(1.0 / probability, dtype)
        self._bits, self._room = np.empty((2, m, n), np.uint32)
        self._kept = np.empty((m, n), bool)

    def __call__(self, key: Array, out: Array) -> None:
        own = key.astype(np.uint32).reshape(1, 1)
        rows = _mixed(self._samples ^ own)
        columns = _mixed(self._units ^ _mixed(~own))
        np.bitwise_xor(rows, columns, self._bits)
        _mix(self._bits, self._room)
        np.less(self._bits, self._bound, self._kept)
        np.copyto(out, self._kept)
        np.multiply(out, self._scale, out)


_SHIFTS = tuple(np.asarray(n, np.uint32) for n in (16, 15, 16))
_FACTORS = tuple(np.asarray(n, np.uint32) for n in (FIRST, SECOND))


def _mix(words: Array, room: Array) -> None:
    """``lowbias32``, in place."""
    for k, shift in enumerate(_SHIFTS):
        np.right_shift(words, shift, room)
        np.bitwise_xor(words, room, words)
        if k < len(_FACTORS):
            np.multiply(words, _FACTORS[k], words)


def _mixed(words: Array) -> Array:
    _mix(words, np.empty_like(words))
    return words
