"""Samples as the book has them, pairs of column vectors, and as rows of matrices."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..._lib.wording import described
from ...backends.host_arrays import host_array

__all__ = [
    "Floats",
    "as_float64",
    "as_list",
    "blocks",
    "column",
    "label",
    "labels",
    "one_hot",
    "rows",
    "same_shapes",
    "target",
    "training_columns",
    "vectorized_result",
]

Floats: TypeAlias = NDArray[np.float64]

_SHAPE, _DTYPE = operator.attrgetter("shape"), operator.attrgetter("dtype")
_KINDS = "fiub"
_ENTRIES = 2**18  # of a matrix of samples: few enough for a core's cache


def as_list(samples: Any, name: str) -> Any:
    """The samples themselves where they are a list; a new list of what else can be iterated over.

    Raises
    ------
    TypeError
        If that is no collection of samples.
    """
    if isinstance(samples, list):
        return samples
    try:
        return list(samples)
    except TypeError:
        raise TypeError(
            f"{name} must be a list of pairs (x, y), not {described(samples)}"
        ) from None


def as_float64(name: str, value: Any) -> Floats:
    """A value as an array of float64: itself where it is one.

    Raises
    ------
    TypeError
        If it does not consist of real numbers, or is masked.
    ValueError
        If rows differ in length.
    """
    return host_array(value, name).astype(np.float64, copy=False)


def column(name: str, value: Any, n: int, code: str = "") -> Floats:
    """A column vector of n entries, in float64; ``code`` is what the user's code may call it.

    Raises
    ------
    ValueError
        If it has another shape; the message gives both.
    """
    array = as_float64(code or name, value)
    if array.shape != (n, 1):
        raise ValueError(_wrong_shape(name, array.shape, n))
    return array


def target(name: str, y: Any, n: int, code: str = "") -> Floats:
    """A desired output, a column vector of n entries, in float64.

    Raises
    ------
    ValueError
        If it has another shape; the message gives both.
    """
    if n > 1 and np.ndim(y) == 0:
        raise ValueError(
            f"{name} is {described(y)}, expected a column of shape ({n}, 1): vectorized_result "
            "makes one of a digit"
        )
    return column(name, y, n, code)


def training_columns(samples: Any, n_in: int, n_out: int, name: str) -> tuple[list[Any], Floats]:
    """Inputs of samples, columns of numbers, and desired outputs as rows, shape (m, n_out).

    Parameters
    ----------
    samples : list of (x, y)
        Columns of shapes (n_in, 1) and (n_out, 1).
    n_in, n_out : int
    name : str
        What messages call the list.

    Raises
    ------
    ValueError
        If there is no sample, or one has another shape; the message says which.
    """
    if not samples:
        raise ValueError(f"{name} is empty: there is nothing to train on")
    try:
        xs, ys = map(list, zip(*samples, strict=True))
    except (TypeError, ValueError):
        xs = ys = []
    if _all_columns(xs, n_in) and _all_columns(ys, n_out):
        return xs, _stacked(ys, n_out)
    xs, ys = _one_by_one(samples, n_in, n_out, name)
    return xs, _stacked(ys, n_out)


def _one_by_one(samples: Any, n_in: int, n_out: int, name: str) -> tuple[list[Any], list[Any]]:
    """Columns of whatever can be converted, or the error that tells which sample cannot."""
    xs, ys = [], []
    for k, sample in enumerate(samples):
        x, y = _pair(sample, f"{name}[{k}]")
        xs.append(column(f"x of {name}[{k}]", x, n_in, f"{name}[{k}][0]"))
        ys.append(target(f"y of {name}[{k}]", y, n_out, f"{name}[{k}][1]"))
    return xs, ys


def rows(columns: Sequence[Any], n: int, name: str, first: int = 0) -> Floats:
    """Column vectors of n entries each as the rows of one matrix, shape (m, n), in float64.

    The first belongs to the sample of that number.

    Raises
    ------
    ValueError
        If one has another shape; the message says which.
    """
    if not _all_columns(columns, n):
        columns = [column(f"{name} of sample {k}", one, n) for k, one in enumerate(columns, first)]
    return _stacked(columns, n)


def _stacked(columns: Sequence[Any], n: int) -> Floats:
    return np.concatenate(columns, dtype=np.float64).reshape(len(columns), n)


def blocks(samples: Any, width: int) -> Iterator[tuple[int, list[Any], list[Any]]]:
    """Parts whose matrices stay in a core's cache: number of the first sample, inputs, results.

    Raises
    ------
    TypeError
        If a sample is no pair.
    """
    size = max(1, _ENTRIES // width)
    for start in range(0, len(samples), size):
        pairs = [
            _pair(one, f"sample {k}") for k, one in enumerate(samples[start : start + size], start)
        ]
        yield start, [x for x, _ in pairs], [y for _, y in pairs]


def labels(ys: Sequence[Any], first: int = 0) -> Floats:
    """The digits of samples, shape (m,); the first is that of the sample of that number."""
    return np.asarray([label(y, k) for k, y in enumerate(ys, first)], dtype=np.float64)


def label(y: Any, k: int) -> Any:
    """The digit of sample number k.

    Raises
    ------
    ValueError
        If it is a vector.
    """
    if isinstance(y, int | np.integer):
        return y
    array = as_float64(f"y of sample {k}", y)
    if array.size != 1:
        raise ValueError(
            f"y of sample {k} has shape {array.shape}, expected a digit: of training data, whose "
            "results are vectors, accuracy and total_cost take convert the other way round"
        )
    return array.item()


def one_hot(digits: Any, n: int) -> Floats:
    """A row for each digit, shape (m, n), with a 1 in its place.

    Raises
    ------
    ValueError
        If one is not among 0 to n - 1.
    """
    whole = np.asarray(digits).astype(np.int64)
    wrong = np.flatnonzero((whole != digits) | (whole < 0) | (whole >= n))
    if wrong.size:
        raise ValueError(
            f"{digits[wrong[0]]:g} is no digit of {n} outputs: expected one of 0 to {n - 1}"
        )
    matrix = np.zeros((len(whole), n))
    matrix[np.arange(len(whole)), whole] = 1.0
    return matrix


def vectorized_result(j: Any) -> Floats:
    """A column of ten entries with a 1 in place j and zeros elsewhere: what a digit trains to.

    Parameters
    ----------
    j : int
        From 0 to 9.

    Returns
    -------
    array, shape (10, 1)

    Raises
    ------
    ValueError
        If it is no digit.

    Examples
    --------
    >>> from bpnet.book import mnist_loader
    >>> mnist_loader.vectorized_result(3).ravel()
    array([0., 0., 0., 1., 0., 0., 0., 0., 0., 0.])
    """
    return one_hot(np.asarray([label(j, 0)]), 10).T


def same_shapes(a: Any, y: Any) -> tuple[Floats, Floats]:
    """Outputs and desired outputs, in float64.

    Raises
    ------
    ValueError
        If their shapes differ: they would be broadcast.
    """
    a, y = as_float64("a", a), as_float64("y", y)
    if a.shape != y.shape:
        raise ValueError(f"a has shape {a.shape} and y has shape {y.shape}: they must be the same")
    return a, y


def _all_columns(columns: Sequence[Any], n: int) -> bool:
    """Whether all are arrays of numbers of the shape (n, 1): quick for many."""
    if set(map(type, columns)) != {np.ndarray} or set(map(_SHAPE, columns)) != {(n, 1)}:
        return False
    return all(dtype.kind in _KINDS for dtype in set(map(_DTYPE, columns)))


def _pair(sample: Any, name: str) -> tuple[Any, Any]:
    try:
        x, y = sample
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a pair (x, y), not {described(sample)}") from None
    return x, y


def _wrong_shape(name: str, shape: tuple[int, ...], n: int) -> str:
    way_out = f": reshape({n}, 1) makes a column of it" if shape in ((n,), (1, n)) else ""
    return f"{name} has shape {shape}, expected {(n, 1)}{way_out}"
