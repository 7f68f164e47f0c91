"""One seeded, stratified split for every loader."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Split", "split"]

Indices = NDArray[np.int64]


class Split(NamedTuple):
    """Row numbers of the three parts, each in random order."""

    train: Indices
    validation: Indices
    test: Indices


def split(labels: NDArray[np.int64], *, validation: float, test: float, seed: int) -> Split:
    """Divide samples into three parts in which every class keeps its share.

    Over the classes together a part has the size asked for, rounded; each class gives its share,
    rounded up or down, and leaves at least one sample to the training part. A class with a single
    sample is therefore only trained on.

    Parameters
    ----------
    labels : array, shape (m,), int64
        Class indices from 0 on; all zeros for a split that is not stratified.
    validation, test : float
        Their fractions of the whole.
    seed : int

    Returns
    -------
    Split
        Three disjoint arrays of row numbers that together hold each of 0, ..., m - 1 once.

    Examples
    --------
    >>> parts = split(np.repeat([0, 1], [90, 10]), validation=0.1, test=0.2, seed=0)
    >>> [len(part) for part in parts]
    [70, 10, 20]
    """
    # NumPy keeps this raw stream the same in all its versions; that of `permutation` it may change.
    keys = np.random.PCG64(np.random.SeedSequence(seed)).random_raw(len(labels))
    by_class = np.lexsort((keys, labels))
    counts = np.bincount(labels)
    for_test = _quotas(counts, counts - 1, test)
    for_validation = _quotas(counts, counts - 1 - for_test, validation)

    start = np.cumsum(counts) - counts
    place = np.arange(len(labels)) - np.repeat(start, counts)
    in_test = place < np.repeat(for_test, counts)
    in_held_out = place < np.repeat(for_test + for_validation, counts)

    def shuffled(chosen: NDArray[np.bool_]) -> Indices:
        rows = by_class[chosen]
        return rows[np.argsort(keys[rows], kind="stable")]

    return Split(shuffled(~in_held_out), shuffled(in_held_out & ~in_test), shuffled(in_test))


def _quotas(counts: Indices, available: Indices, fraction: float) -> Indices:
    """How many samples each class gives, its rounding error being passed on to the next class."""
    quotas, seen, taken = [], 0, 0
    for count, free in zip(counts.tolist(), available.tolist(), strict=True):
        seen += count
        wanted = round(fraction * seen) - taken
        quotas.append(max(0, min(wanted, free, math.ceil(fraction * count))))
        taken += quotas[-1]
    return np.array(quotas, dtype=np.int64)
