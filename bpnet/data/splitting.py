"""Seeded splits for every loader: stratified, by group or by time."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._lib.constraints import Integer
from .._lib.wording import count

__all__ = ["Split", "fold_of_rows", "split", "split_by_group", "split_by_time"]

Indices = NDArray[np.int64]


class Split(NamedTuple):
    """Row numbers of the three parts."""

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
        Three disjoint arrays of row numbers that together hold each of 0, ..., m - 1 once, each in
        random order.

    Examples
    --------
    >>> parts = split(np.repeat([0, 1], [90, 10]), validation=0.1, test=0.2, seed=0)
    >>> [len(part) for part in parts]
    [70, 10, 20]
    """
    keys = _keys(seed, len(labels))
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


def split_by_group(groups: Indices, *, validation: float, test: float, seed: int) -> Split:
    """Divide samples into three parts of which no two have samples of one group.

    Parameters
    ----------
    groups : array, shape (m,), int64
        Indices of groups from 0 on.
    validation, test : float
        Fractions of all samples, met as closely as the sizes of the groups allow. A part with a
        fraction above 0 has at least one group.
    seed : int

    Returns
    -------
    Split
        As from `split`.

    Raises
    ------
    ValueError
        If there are fewer groups than parts.

    Examples
    --------
    >>> parts = split_by_group(np.arange(100) // 5, validation=0.1, test=0.2, seed=0)
    >>> [len(part) for part in parts]
    [70, 10, 20]
    """
    sizes = np.bincount(groups)
    _check_enough(len(sizes), "group", (validation, test))
    free = np.argsort(_keys(seed, len(sizes)), kind="stable").tolist()
    part_of = np.zeros(len(sizes), dtype=np.int64)  # 0 to train on, 1 to validate, 2 to test
    for part, fraction, others in ((2, test, 1 + (validation > 0)), (1, validation, 1)):
        chosen = _nearest(free, sizes, fraction * len(groups), others) if fraction else []
        part_of[chosen] = part
        free = [group for group in free if group not in set(chosen)]
    order = np.argsort(_keys(seed, len(groups)), kind="stable")
    of_rows = part_of[groups[order]]
    return Split(*(order[of_rows == part] for part in range(3)))


def split_by_time(times: NDArray[Any], *, validation: float, test: float) -> Split:
    """Divide samples into an earlier part to train on, a later to validate and the latest to test.

    Parameters
    ----------
    times : array, shape (m,)
        What can be sorted; samples of one time stay together.
    validation, test : float
        Fractions of all samples, met as closely as samples of one time allow. A part with a
        fraction above 0 has at least one time.

    Returns
    -------
    Split
        Three disjoint arrays of row numbers that together hold each of 0, ..., m - 1 once, each in
        the order of time.

    Raises
    ------
    ValueError
        If there are fewer times than parts.

    Examples
    --------
    >>> split_by_time(np.array([3, 1, 2, 4, 0]), validation=0.2, test=0.2)
    Split(train=array([4, 1, 2]), validation=array([0]), test=array([3]))
    """
    different, of_rows = np.unique(times, return_inverse=True)
    n = len(different)
    _check_enough(n, "time", (validation, test))
    until = np.concatenate([[0], np.cumsum(np.bincount(of_rows))])  # rows before each time

    def cut(rows: float, lowest: int, highest: int) -> int:
        """The first time of a part before which there are about that many rows."""
        return lowest + int(np.argmin(np.abs(until[lowest : highest + 1] - rows)))

    m = len(times)
    has_validation, has_test = int(validation > 0), int(test > 0)
    test_from = cut((1 - test) * m, 1 + has_validation, n - 1) if has_test else n
    held_out_from = (
        cut(until[test_from] - validation * m, 1, test_from - 1) if has_validation else test_from
    )
    order = np.argsort(of_rows, kind="stable")
    return Split(*np.split(order, [until[held_out_from], until[test_from]]))


def fold_of_rows(
    rows: int, folds: int, strata: NDArray[np.int64] | None = None, seed: int = 0
) -> NDArray[np.int64]:
    """Which fold each row is held out in.

    Parameters
    ----------
    rows, folds : int
    strata : array, shape (rows,), int64, optional
        Classes, from 0 on, which keep their shares in every fold. The row of a class that has no
        other is in no fold, so that every network is trained on it.
    seed : int, optional

    Returns
    -------
    array, shape (rows,), int64
        From 0 on; -1 for a row that is in none.

    Raises
    ------
    ValueError
        If there are fewer than two rows to hold out.

    Examples
    --------
    >>> fold_of_rows(7, 3, np.array([0, 0, 0, 1, 1, 1, 2])).tolist()
    [2, 1, 0, 0, 1, 2, -1]
    """
    folds = Integer(2)("folds", folds)
    labels = np.zeros(rows, np.int64) if strata is None else strata
    counts = np.bincount(labels, minlength=1)
    divided = counts[labels] > 1 if strata is not None else np.ones(rows, bool)
    n_divided = int(divided.sum())
    if n_divided < 2:
        raise ValueError(
            f"{n_divided} of {rows} rows can be held out, and folds need at least 2: the others "
            "are alone in their classes"
        )
    order = np.lexsort((_keys(Integer(0)("seed", seed), rows), labels))
    order = order[divided[order]]
    fold = np.full(rows, -1, np.int64)
    fold[order] = np.arange(n_divided) % min(folds, n_divided)
    return fold


def _keys(seed: int, n: int) -> NDArray[np.uint64]:
    # NumPy keeps this raw stream the same in all its versions; that of `permutation` it may change.
    keys: NDArray[np.uint64] = np.random.PCG64(np.random.SeedSequence(seed)).random_raw(n)
    return keys


def _check_enough(n: int, what: str, held_out: tuple[float, ...]) -> None:
    parts = 1 + sum(fraction > 0 for fraction in held_out)
    if n < parts:
        raise ValueError(f"{count(n, what)} cannot be divided into {parts} parts")


def _nearest(free: list[int], sizes: Indices, wanted: float, others: int) -> list[int]:
    """Groups, at least one, of about that many samples, which leave some to other parts."""
    chosen: list[int] = []
    most, left = len(free) - others, wanted
    for group in free:
        if sizes[group] <= left and len(chosen) < most:
            chosen.append(group)
            left -= sizes[group]
    rest = [group for group in free if group not in set(chosen)]
    closest = min(rest, key=lambda group: abs(left - sizes[group]))
    if len(chosen) < most and (not chosen or abs(left - sizes[closest]) < left):
        chosen.append(closest)
    return chosen


def _quotas(counts: Indices, available: Indices, fraction: float) -> Indices:
    """How many samples each class gives, its rounding error being passed on to the next class."""
    quotas, seen, taken = [], 0, 0
    for size, free in zip(counts.tolist(), available.tolist(), strict=True):
        seen += size
        wanted = round(fraction * seen) - taken
        quotas.append(max(0, min(wanted, free, math.ceil(fraction * size))))
        taken += quotas[-1]
    return np.array(quotas, dtype=np.int64)
