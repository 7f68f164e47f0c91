"""Folds: which rows each fit is trained on, and which are held out of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._lib.constraints import Integer
from .._lib.wording import described
from ..data.labels import text_labels
from ..data.splitting import fold_of_rows
from ..network import Network

__all__ = ["Fold", "as_folds"]

Rows = NDArray[np.int64]


class Fold(NamedTuple):
    """Row numbers to train on, and those held out."""

    train: Rows
    held_out: Rows


def as_folds(given: Any, x: Any, y: Any, rows: int, net: Network) -> list[Fold]:
    """Folds as a user gives them.

    Parameters
    ----------
    given : int, array of int, iterable, or splitter of scikit-learn
        As for `fit_many`.
    x, y : array
        On the host.
    rows : int
        Of both.
    net : Network
        Whose outputs say what targets are.

    Raises
    ------
    ValueError, TypeError
        If a row number is wrong, or a part has no rows.
    """
    if hasattr(given, "split") and not isinstance(given, str):
        found = [_pair(f"folds[{k}]", one, rows) for k, one in enumerate(given.split(x, y))]
    elif _is_number(given):
        number = Integer(2)("folds", given)
        if number > rows:
            raise ValueError(f"folds={number} needs as many rows, and there are {rows}")
        found = _by_number(fold_of_rows(rows, number, _strata(y, net)))
    elif isinstance(given, np.ndarray) and given.ndim == 1 and given.dtype != object:
        found = _by_number(_numbers(given, rows))
    elif isinstance(given, Iterable) and not isinstance(given, str):
        found = [_fold(f"folds[{k}]", one, rows) for k, one in enumerate(given)]
    else:
        raise TypeError(
            "folds must be a number, an array with the fold of each row, or pairs of row numbers "
            f"(train, held out), not {described(given)}"
        )
    if not found:
        raise ValueError("folds is empty: give 2 or more, or a list of (train, held out) pairs")
    return found


def _is_number(given: Any) -> bool:
    return getattr(given, "shape", ()) == () and not isinstance(given, str | Iterable)


def _strata(y: Any, net: Network) -> Rows | None:
    """The class of each row, from 0 on; None where targets are no classes."""
    labels: Any = text_labels(y)
    if labels is None:
        labels = np.asarray(y)
        outputs = net.sizes[-1]
        if labels.ndim == 2 and labels.shape[1] > 1:
            if net.task == "multilabel" or not _is_one_hot(labels):
                return None
            labels = labels.argmax(axis=1)
        elif outputs == 1 and net.task != "classification":
            return None
    found: Rows = np.unique(labels.reshape(len(labels)), return_inverse=True)[1]
    return found.astype(np.int64)


def _is_one_hot(targets: Any) -> bool:
    return bool(((targets == 0) | (targets == 1)).all() and (targets.sum(axis=1) == 1).all())


def _numbers(given: Any, rows: int) -> Rows:
    if given.dtype.kind not in "iu" or given.shape != (rows,):
        raise ValueError(
            f"folds as an array says in which fold each of the {rows} rows is, as integers from 0 "
            f"on (-1 in none), not {described(given)} of {given.dtype}"
        )
    found: Rows = given.astype(np.int64)
    return found


def _by_number(fold: Rows) -> list[Fold]:
    numbers = np.unique(fold[fold >= 0])
    if len(numbers) < 2:
        raise ValueError(f"folds has {len(numbers)} fold: two or more are needed")
    return [Fold(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in numbers]


def _fold(name: str, given: Any, rows: int) -> Fold:
    """Of a pair, or of the rows that are held out."""
    if isinstance(given, list | tuple) and len(given) == 2 and np.ndim(given[0]) == 1:
        return _pair(name, given, rows)
    held_out = _rows(name, given, rows)
    return _checked(name, Fold(np.setdiff1d(np.arange(rows), held_out), held_out))


def _pair(name: str, given: Any, rows: int) -> Fold:
    return _checked(
        name, Fold(_rows(f"{name}[0]", given[0], rows), _rows(f"{name}[1]", given[1], rows))
    )


def _checked(name: str, fold: Fold) -> Fold:
    both = np.intersect1d(fold.train, fold.held_out)
    if not (len(fold.train) and len(fold.held_out)):
        raise ValueError(
            f"{name} has {len(fold.train)} rows to train on and {len(fold.held_out)} held out: "
            "both need at least one"
        )
    if len(both):
        raise ValueError(f"{name} holds out row {both[0]}, which it also trains on")
    return fold


def _rows(name: str, given: Any, rows: int) -> Rows:
    found = np.asarray(given)
    if found.dtype == bool and found.shape == (rows,):
        return np.flatnonzero(found)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        raise TypeError(
            f"{name} must be row numbers, one dimension of integers, not {described(given)}"
        )
    if found.size and not (found.min() >= 0 and found.max() < rows):
        wrong = found.min() if found.min() < 0 else found.max()
        raise ValueError(f"{name} holds row {wrong}, and the rows are 0 to {rows - 1}")
    return found.astype(np.int64)
