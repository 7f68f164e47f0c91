"""Compile functions of samples other than a training step: predictions, evaluations, scores.

A library that compiles for each shape of its arrays, as JAX does, would compile each of these
again for every number of samples. Here it may pad the samples to one of a few sizes: results of
rows are cut back, and sums over rows leave the padding out. Elsewhere the functions are called as
they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from ..backends import Array, Backend
from .compile import target_of

__all__ = [
    "BlockFunction",
    "BlockRun",
    "RowReductions",
    "RowRun",
    "compile_blocks",
    "compile_function",
    "compile_rows",
    "join_rows",
    "row_slices",
    "rows_of_steps",
    "take_rows",
]


class RowReductions:
    """Reductions over the samples of a block, for functions given to `compile_blocks`.

    Parameters
    ----------
    xp : namespace
    """

    def __init__(self, xp: Any) -> None:
        self._xp = xp

    def sum(self, values: Array) -> Array:
        """Sum over the samples, shape ``values.shape[1:]``."""
        return self._xp.sum(values, axis=0)

    def mean(self, values: Array) -> Array:
        """Mean over the samples."""
        return self._xp.mean(values, axis=0)

    def min(self, values: Array) -> Array:
        """Least value over the samples."""
        return self._xp.min(values, axis=0)

    def max(self, values: Array) -> Array:
        """Greatest value over the samples."""
        return self._xp.max(values, axis=0)


class RowRun(Protocol):
    """What `compile_rows` returns."""

    def __call__(self, state: Any, *arrays: Array) -> Any:
        """Return what the function does, for samples in any number."""


class BlockFunction(Protocol):
    """What `compile_blocks` takes."""

    def __call__(self, xp: Any, rows: RowReductions, state: Any, *arrays: Array) -> Any:
        """Return nested tuples of arrays, reduced over the samples by ``rows`` alone."""


class BlockRun(Protocol):
    """What `compile_blocks` returns."""

    def __call__(
        self, state: Any, *arrays: Array, most: int | None = None
    ) -> Iterator[tuple[int, Any]]:
        """Yield the number of samples in each block, and what the function returns for them.

        Parameters
        ----------
        state : nested tuples of arrays
        *arrays : array
            A row for each sample.
        most : int, optional
            Samples per block; fewer may be used. By default one block is made where possible.
        """


def compile_rows(backend: Backend, function: Callable[..., Any]) -> RowRun:
    """Compile a function that computes something for each sample.

    Parameters
    ----------
    backend : Backend
    function : callable
        ``function(xp, state, *arrays)``, pure; it returns an array, or nested tuples of arrays, of
        which each row depends on the same row of ``arrays`` alone.

    Returns
    -------
    callable
        ``run(state, *arrays)``, the same for any number of rows.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> from bpnet.compiler.rows import compile_rows
    >>> squares = compile_rows(bpnet.get_backend("numpy"), lambda xp, w, x: w * x * x)
    >>> squares(2.0, np.asarray([[1.0], [3.0]]))
    array([[ 2.],
           [18.]])
    """
    target: Any = target_of(backend)
    if hasattr(target, "compile_rows"):
        run: RowRun = target.compile_rows(backend, function)
        return run
    return compile_function(backend, function)


def compile_blocks(backend: Backend, function: BlockFunction) -> BlockRun:
    """Compile a function that reduces samples, block by block.

    Parameters
    ----------
    backend : Backend
    function : callable
        ``function(xp, rows, state, *arrays)``, pure. Its ``rows`` reduces over the samples (see
        `RowReductions`); where it returns an array with a row for each sample instead, rows after
        the last sample are padding, which the caller cuts off.

    Returns
    -------
    callable
        See `BlockRun`.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> from bpnet.compiler.rows import compile_blocks
    >>> run = compile_blocks(bpnet.get_backend("numpy"), lambda xp, rows, w, x: rows.sum(w * x))
    >>> [(count, float(total)) for count, total in run(2.0, np.asarray([1.0, 3.0, 5.0]), most=2)]
    [(2, 8.0), (1, 10.0)]
    """
    target: Any = target_of(backend)
    if hasattr(target, "compile_blocks"):
        blocks: BlockRun = target.compile_blocks(backend, function)
        return blocks
    xp = backend.xp
    rows = RowReductions(xp)

    def run(state: Any, *arrays: Array, most: int | None = None) -> Iterator[tuple[int, Any]]:
        m = arrays[0].shape[0]
        step = most or m
        for start in range(0, m, step):
            stop = min(start + step, m)
            parts = arrays if stop - start == m else [one[start:stop, ...] for one in arrays]
            yield stop - start, function(xp, rows, state, *parts)

    return run


def compile_function(backend: Backend, function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a pure function of arrays; on JAX once for each combination of shapes.

    Parameters
    ----------
    backend : Backend
    function : callable
        ``function(xp, *arguments)``; arguments are nested tuples of arrays.

    Returns
    -------
    callable
        ``run(*arguments)``. What was compiled is released with it, and the least recently used of
        many shapes before that.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> from bpnet.compiler.rows import compile_function
    >>> total = compile_function(bpnet.get_backend("numpy"), lambda xp, x, y: xp.sum(x * y))
    >>> float(total(np.ones(3), np.full(3, 2.0)))
    6.0
    """
    target: Any = target_of(backend)
    if hasattr(target, "compile_function"):
        compiled: Callable[..., Any] = target.compile_function(backend, function)
        return compiled
    xp = backend.xp

    def run(*arguments: Any) -> Any:
        return function(xp, *arguments)

    return run


def rows_of_steps(backend: Backend, outputs: Array) -> Array:
    """The outputs of steps as rows of one matrix, on JAX by no compilation.

    On a CPU, JAX waits for them.

    Parameters
    ----------
    backend : Backend
    outputs : array, shape (steps, m, n)

    Returns
    -------
    array, shape (steps * m, n)

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> from bpnet.compiler.rows import rows_of_steps
    >>> rows_of_steps(bpnet.get_backend("numpy"), np.zeros((2, 3, 4))).shape
    (6, 4)
    """
    target: Any = target_of(backend)
    if hasattr(target, "rows_of_steps"):
        return target.rows_of_steps(outputs)
    return backend.xp.reshape(outputs, (-1, outputs.shape[2]))


def row_slices(backend: Backend, m: int, most: int) -> list[slice]:
    """Blocks of ``m`` rows, in order; on JAX of few sizes, so that few are compiled for.

    Parameters
    ----------
    backend : Backend
    m : int
    most : int
        Rows per block; fewer may be used.

    Examples
    --------
    >>> import bpnet
    >>> from bpnet.compiler.rows import row_slices
    >>> row_slices(bpnet.get_backend("numpy"), 10, most=4)
    [slice(0, 4, None), slice(4, 8, None), slice(8, 10, None)]
    """
    target: Any = target_of(backend)
    if hasattr(target, "row_slices"):
        found: list[slice] = target.row_slices(backend, m, most)
        return found
    return [slice(start, min(start + most, m)) for start in range(0, m, most)]


def take_rows(backend: Backend, x: Array, rows: slice) -> Array:
    """Some rows of a matrix, as a view where the library has views."""
    if rows.start == 0 and rows.stop == x.shape[0]:
        return x
    target: Any = target_of(backend)
    if hasattr(target, "take_rows"):
        return target.take_rows(x, rows.start, rows.stop)
    return x[rows, ...]


def join_rows(backend: Backend, parts: list[Array]) -> Array:
    """The rows of all parts as one array."""
    if len(parts) == 1:
        return parts[0]
    target: Any = target_of(backend)
    if hasattr(target, "join_rows"):
        return target.join_rows(parts)
    return backend.xp.concat(parts, axis=0)
