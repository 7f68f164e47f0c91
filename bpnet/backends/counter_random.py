"""Random numbers that are hashes of where they stand, in 32-bit integers: the same everywhere."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["FIRST", "SECOND", "UNIT", "hash_of", "keep_bits", "normal"]

Array = Any

_LOW = 0xFFFFFFFF
FIRST, SECOND = 0x7FEB352D, 0x846CA68B  # the factors of lowbias32
UNIT = 2.0**-24


def hash_of(*words: int) -> int:
    """An int32 of some integers, of which the lower 32 bits count."""
    key = 0
    for word in words:
        key = _mix_int(key ^ word & _LOW)
    return _signed(key)


def bits(shape: tuple[int, int], key: Any, xp: Any, device: Any, first: int) -> Array:
    """24 random bits for each sample and unit, int32, shape (samples, units).

    Parameters
    ----------
    shape : (int, int)
    key : int or array of int32, shape ()
        An int32.
    first : int
        Number of the first sample.
    """
    samples = xp.arange(first, first + shape[0], dtype=xp.int32, device=device)
    units = xp.arange(shape[1], dtype=xp.int32, device=device)
    own = xp.reshape(xp.asarray(key, dtype=xp.int32, device=device), (1,))
    rows = _mix(samples ^ own, xp)[:, None]
    columns = _mix(units ^ _mix(~own, xp), xp)[None, :]
    return _mix(rows ^ columns, xp) >> 8 & 0xFFFFFF


def keep_bits(
    shape: tuple[int, int], probability: float, key: Any, xp: Any, device: Any, first: int = 0
) -> Array:
    """A boolean mask that is true with a probability, in steps of 2**-24."""
    return bits(shape, key, xp, device, first) < round(probability * 2**24)


def normal(
    shape: tuple[int, int], key: Any, xp: Any, dtype: Any, device: Any, first: int = 0
) -> Array:
    """Standard normal numbers, by Box and Muller's transform of two hashes."""
    radius = xp.astype(bits(shape, key, xp, device, first), dtype) * UNIT + 0.5 * UNIT
    angle = xp.astype(bits(shape, key ^ _signed(SECOND), xp, device, first), dtype) * UNIT
    return xp.sqrt(-2.0 * xp.log(radius)) * xp.cos(2.0 * math.pi * angle)


def _signed(word: int) -> int:
    """The int32 with the bits of an unsigned word."""
    return word - (1 << 32) if word >> 31 else word


def _mix(words: Array, xp: Any) -> Array:
    """``lowbias32`` on int32: products wrap, and a mask makes of each shift a logical one."""
    words = words ^ (words >> 16 & 0xFFFF)
    words = words * FIRST
    words = words ^ (words >> 15 & 0x1FFFF)
    words = words * _signed(SECOND)
    return words ^ (words >> 16 & 0xFFFF)


def _mix_int(word: int) -> int:
    """``lowbias32`` on a Python integer."""
    word ^= word >> 16
    word = word * FIRST & _LOW
    word ^= word >> 15
    word = word * SECOND & _LOW
    return word ^ word >> 16
