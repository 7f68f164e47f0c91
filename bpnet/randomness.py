"""Randomness that is keyed, not consumed.

Start parameters and the order of an epoch are functions of (seed, purpose, epoch), drawn on the
host. A mask is a hash of (seed, step, layer, sample, unit), computed wherever the network is, in
32-bit integer arithmetic that has the same result everywhere. So a resumed run, a run on another
library and a run on several processes are fed the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .backends import Array

__all__ = ["epoch_order", "generator", "keep_mask", "new_seed"]

_START, _ORDER = 0, 1
_LOW = 0xFFFFFFFF


def new_seed() -> int:
    """A seed from the operating system's entropy, for who gave none."""
    return int(np.random.SeedSequence().generate_state(1)[0])


def generator(seed: int, *key: int) -> np.random.Generator:
    """A NumPy Generator that depends on ``seed`` and ``key`` alone."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *key])))


def start_generator(seed: int) -> np.random.Generator:
    """The generator of a network's initial parameters."""
    return generator(seed, _START)


def epoch_order(seed: int, epoch: int, n: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The order in which an epoch sees its ``n`` samples, shape (n,), on the host.

    Parameters
    ----------
    seed : int
    epoch : int
        Number of the epoch, from 0.
    n : int

    Examples
    --------
    >>> from bpnet.randomness import epoch_order
    >>> epoch_order(seed=0, epoch=3, n=6)
    array([2, 0, 1, 3, 5, 4])
    >>> bool((epoch_order(0, 3, 6) == epoch_order(0, 4, 6)).all())
    False
    """
    return generator(seed, _ORDER, epoch).permutation(n)


def keep_mask(
    shape: tuple[int, int],
    probability: float,
    *,
    seed: int,
    step: int,
    layer: int,
    xp: Any,
    device: Any = None,
    first_sample: int = 0,
) -> Array:
    """A boolean mask that is true with a probability, by a counter-based hash.

    Parameters
    ----------
    shape : (int, int)
        Samples and units.
    probability : float
        Of true, in steps of 2**-24.
    seed, step, layer : int
        The key.
    xp : namespace
        Computes it, on ``device``.
    first_sample : int, optional
        Number of the first row within the whole mini-batch, where others compute the rest.

    Returns
    -------
    array of bool, shape (samples, units)

    References
    ----------
    The mixing function is ``lowbias32`` of C. Wellons, "Prospecting for hash functions" (2018).

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.randomness import keep_mask
    >>> keep_mask((2, 4), 0.5, seed=1, step=0, layer=1, xp=np)
    array([[False, False, False,  True],
           [False, False, False, False]])
    """
    key = 0
    for part in (seed & _LOW, seed >> 32 & _LOW, step & _LOW, step >> 32 & _LOW, layer):
        key = _mix_int(key ^ part)
    samples = xp.arange(first_sample, first_sample + shape[0], dtype=xp.int32, device=device)
    units = xp.arange(shape[1], dtype=xp.int32, device=device)
    rows = _mix(samples ^ _signed(key), xp)[:, None]
    bits = _mix(rows ^ _mix(units ^ _signed(_mix_int(~key & _LOW)), xp)[None, :], xp)
    return (bits >> 8 & 0xFFFFFF) < round(probability * 2**24)


def _signed(word: int) -> int:
    """The int32 with the bits of an unsigned word."""
    return word - (1 << 32) if word >> 31 else word


def _mix(bits: Array, xp: Any) -> Array:
    """``lowbias32`` on int32: products wrap, and a mask makes of each shift a logical one."""
    bits = bits ^ (bits >> 16 & 0xFFFF)
    bits = bits * 0x7FEB352D
    bits = bits ^ (bits >> 15 & 0x1FFFF)
    bits = bits * _signed(0x846CA68B)
    return bits ^ (bits >> 16 & 0xFFFF)


def _mix_int(word: int) -> int:
    """``lowbias32`` on a Python integer."""
    word ^= word >> 16
    word = word * 0x7FEB352D & _LOW
    word ^= word >> 15
    word = word * 0x846CA68B & _LOW
    return word ^ word >> 16
