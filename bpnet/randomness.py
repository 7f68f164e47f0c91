"""Randomness that is keyed, not consumed.

Initial parameters and the order of samples in an epoch are functions of (seed, purpose, epoch),
drawn on the host. A mask is a hash of (seed, step, layer, sample, unit), computed where the network
is, in 32-bit integer arithmetic whose results are the same everywhere. So a resumed run, a run on
another library and a run on several processes see the same random numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .backends import Array
from .backends.counter_random import hash_of, keep_bits

__all__ = [
    "epoch_order",
    "generator",
    "keep_mask",
    "mask_key",
    "new_seed",
    "normal_noise",
    "poisson_sample",
    "start_generator",
]

_START, _ORDER, _SAMPLE, _NOISE = 0, 1, 3, 4  # purposes; streams of samples have 2


def new_seed() -> int:
    """A seed from the operating system's entropy, used when none was given."""
    return int(np.random.SeedSequence().generate_state(1)[0])


def generator(seed: int, *key: int) -> np.random.Generator:
    """A NumPy Generator that depends on ``seed`` and ``key`` only."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *key])))


def start_generator(seed: int) -> np.random.Generator:
    """The generator of a network's initial parameters."""
    return generator(seed, _START)


def epoch_order(seed: int, epoch: int, n: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The order in which an epoch uses its ``n`` samples, shape (n,), on the host.

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


def poisson_sample(
    seed: int, step: int, n: int, rate: float
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The rows of a step whose mini-batch takes each of ``n`` samples with probability ``rate``.

    Each sample is drawn for itself, in each step anew: the number of rows varies, and may be 0.

    Examples
    --------
    >>> from bpnet.randomness import poisson_sample
    >>> [poisson_sample(seed=0, step=step, n=8, rate=0.25) for step in range(3)]
    [array([], dtype=int64), array([0, 2, 4, 6]), array([1, 5])]
    """
    return np.flatnonzero(generator(seed, _SAMPLE, step).random(n) < rate)


def normal_noise(seed: int, step: int, size: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Standard normal numbers of a step, shape (size,), on the host: for a gradient's noise.

    Examples
    --------
    >>> from bpnet.randomness import normal_noise
    >>> normal_noise(seed=0, step=0, size=2)
    array([ 0.07221458, -0.83144032])
    """
    return generator(seed, _NOISE, step).standard_normal(size)


def mask_key(seed: int, step: int, layer: int) -> int:
    """The key of a layer's mask in a step: an int32."""
    return hash_of(seed, seed >> 32, step, step >> 32, layer)


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
    """A boolean mask, true with a given probability, by a counter-based hash.

    Parameters
    ----------
    shape : (int, int)
        Samples and units.
    probability : float
        Of an entry being true, in steps of 2**-24.
    seed, step, layer : int
        The key.
    xp : namespace
        In which it is computed, on ``device``.
    first_sample : int, optional
        Number of the first row within the mini-batch, if this is a part of it.

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
    key = mask_key(seed, step, layer)
    return keep_bits(shape, probability, key, xp, device, first_sample)
