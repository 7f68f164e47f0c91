"""JAX: functions of samples, compiled for few numbers of rows.

JAX compiles a function for each shape of its arguments and keeps what it compiled for as long as
the function lives; single operations live for ever. On a CPU, whose memory NumPy sees, samples are
therefore padded to one of a few sizes before a function is called, and results are cut afterwards,
both without an operation of JAX. On other devices a function is compiled for each number of rows;
the least recently used are released.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...backends import Array, Backend
from ..rows import RowReductions
from .padding import LARGEST, row_blocks

__all__ = [
    "compile_blocks",
    "compile_function",
    "compile_rows",
    "first_rows",
    "join_rows",
    "row_slices",
    "rows_of_steps",
    "take_rows",
]

MOST_SHAPES = 16  # compiled at a time for one function of arrays that are not padded


class _Jitted:
    """A function compiled for each of some keys, which stand for shapes.

    A function that JAX cannot trace, as one that looks at values, is called as it is.

    Parameters
    ----------
    function : callable
    most : int or None
        Keys whose code is kept; None where there are few.
    static : tuple of int, optional
        Arguments that are no arrays.
    """

    def __init__(
        self, function: Callable[..., Any], most: int | None, static: tuple[int, ...] = ()
    ) -> None:
        self._function, self._traceable = function, True
        # JAX keeps what it compiled by function object: each key has one of its own.
        self._compiled = functools.lru_cache(most)(
            lambda _: jax.jit(functools.partial(function), static_argnums=static)
        )

    def __call__(self, key: Any, *arguments: Any) -> Any:
        if self._traceable:
            try:
                return self._compiled(key)(*arguments)
            except (jax.errors.JAXTypeError, jax.errors.JAXIndexError):
                self._traceable = False
        return self._function(*arguments)


def compile_function(backend: Backend, function: Callable[..., Any]) -> Callable[..., Any]:
    """See `bpnet.compiler.rows.compile_function`."""
    jitted = _Jitted(functools.partial(function, backend.xp), MOST_SHAPES)

    def run(*arguments: Any) -> Any:
        key = tuple(getattr(one, "shape", ()) for one in jax.tree.leaves(arguments))
        return jitted(key, *arguments)

    return run


def compile_rows(backend: Backend, function: Callable[..., Any]) -> Callable[..., Any]:
    """See `bpnet.compiler.rows.compile_rows`."""
    whole = functools.partial(function, backend.xp)
    padded, exact = _Jitted(whole, None), _Jitted(whole, MOST_SHAPES)

    def run(state: Any, *arrays: Array) -> Any:
        m = arrays[0].shape[0]
        if not _is_on_cpu(arrays[0]):
            return exact(m, state, *arrays)
        blocks = row_blocks(m)
        if blocks == [(0, m, m)]:
            return padded(m, state, *arrays)
        sizes = [size for _, _, size in blocks]
        given = _padded(arrays, blocks)
        parts = [padded(size, state, *each) for size, each in zip(sizes, given, strict=True)]
        return jax.tree.map(lambda *each: _joined(each, m), *parts)

    return run


def compile_blocks(backend: Backend, function: Callable[..., Any]) -> Callable[..., Any]:
    """See `bpnet.compiler.rows.compile_blocks`."""
    xp = backend.xp

    def masked(state: Any, count: Array, *arrays: Array) -> Any:
        rows = _MaskedRows(jnp.arange(arrays[0].shape[0]) < count)
        return function(xp, rows, state, *arrays)

    def sliced(count: int, state: Any, start: Array, *arrays: Array) -> Any:
        parts = [jax.lax.dynamic_slice_in_dim(one, start, count) for one in arrays]
        return function(xp, RowReductions(xp), state, *parts)

    on_cpu, elsewhere = _Jitted(masked, None), _Jitted(sliced, MOST_SHAPES, static=(0,))

    def run(state: Any, *arrays: Array, most: int | None = None) -> Iterator[tuple[int, Any]]:
        m = arrays[0].shape[0]
        if _is_on_cpu(arrays[0]):
            blocks = row_blocks(m, most or LARGEST)
            for (start, stop, size), given in zip(blocks, _padded(arrays, blocks), strict=True):
                yield stop - start, on_cpu(size, state, stop - start, *given)
        else:
            step = most or m
            for start in range(0, m, step):
                count = min(step, m - start)
                yield count, elsewhere((m, count), count, state, start, *arrays)

    return run


class _MaskedRows:
    """`bpnet.compiler.rows.RowReductions` over the rows that are samples, not padding.

    Parameters
    ----------
    mask : array of bool, shape (size,)
    """

    def __init__(self, mask: Array) -> None:
        self._mask = mask

    def _of(self, values: Array) -> Array:
        return self._mask.reshape(-1, *(1,) * (values.ndim - 1))

    def sum(self, values: Array) -> Array:
        return jnp.sum(values, axis=0, where=self._of(values))

    def mean(self, values: Array) -> Array:
        return jnp.mean(values, axis=0, where=self._of(values))

    def min(self, values: Array) -> Array:
        return jnp.min(values, axis=0, where=self._of(values), initial=jnp.inf)

    def max(self, values: Array) -> Array:
        return jnp.max(values, axis=0, where=self._of(values), initial=-jnp.inf)


def rows_of_steps(outputs: Array) -> Array:
    """See `bpnet.compiler.rows.rows_of_steps`."""
    shape = (-1, outputs.shape[2])
    if _is_on_cpu(outputs):
        return jax.device_put(np.asarray(outputs).reshape(shape), _device_of(outputs))
    return outputs.reshape(shape)


def first_rows(array: Array, m: int) -> Array:
    """The first ``m`` rows of an array, by few compilations."""
    if array.shape[0] == m:
        return array
    if _is_on_cpu(array):
        return jax.device_put(np.asarray(array)[:m], _device_of(array))
    return _first_rows(m)(array)


def row_slices(backend: Backend, m: int, most: int) -> list[slice]:
    """See `bpnet.compiler.rows.row_slices`."""
    if backend.device.startswith("cpu"):
        return [slice(start, stop) for start, stop, _ in row_blocks(m, most)]
    return [slice(start, min(start + most, m)) for start in range(0, m, most)]


def take_rows(array: Array, start: int, stop: int) -> Array:
    """See `bpnet.compiler.rows.take_rows`."""
    if _is_on_cpu(array):
        return jax.device_put(np.asarray(array)[start:stop], _device_of(array))
    return _take_rows(stop - start)(array, start)


@functools.lru_cache(MOST_SHAPES)
def _take_rows(count: int) -> Any:
    return jax.jit(lambda array, start: jax.lax.dynamic_slice_in_dim(array, start, count))


def join_rows(parts: Sequence[Array]) -> Array:
    """See `bpnet.compiler.rows.join_rows`."""
    if _is_on_cpu(parts[0]):
        return jax.device_put(
            np.concatenate([np.asarray(one) for one in parts]), _device_of(parts[0])
        )
    return _join_rows(tuple(one.shape for one in parts))(parts)


@functools.lru_cache(MOST_SHAPES)
def _join_rows(shapes: tuple[tuple[int, ...], ...]) -> Any:
    return jax.jit(lambda parts: jnp.concatenate(parts))


@functools.lru_cache(MOST_SHAPES)
def _first_rows(m: int) -> Any:
    return jax.jit(lambda array: array[:m])


def _device_of(array: Array) -> Any:
    (device,) = array.devices()
    return device


def _is_on_cpu(array: Array) -> bool:
    return bool(_device_of(array).platform == "cpu")


def _padded(
    arrays: Sequence[Array], blocks: Sequence[tuple[int, int, int]]
) -> Iterator[list[Array]]:
    """The rows of each array in each block, copied only where they are padded."""
    device = _device_of(arrays[0])
    views = [np.asarray(one) for one in arrays]
    for start, stop, size in blocks:
        yield [jax.device_put(_block(one[start:stop], size), device) for one in views]


def _block(rows: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    """So many rows; the last one is repeated, as it is known to be valid."""
    if len(rows) == size:
        return rows
    padded = np.empty((size, *rows.shape[1:]), rows.dtype)
    padded[: len(rows)] = rows
    padded[len(rows) :] = rows[-1]
    return padded


def _joined(parts: Sequence[Array], m: int) -> Array:
    """The first ``m`` of the rows of blocks, as one array."""
    if len(parts) == 1:
        return first_rows(parts[0], m)
    views, start = [np.asarray(one) for one in parts], 0
    whole = np.empty((m, *views[0].shape[1:]), views[0].dtype)
    for view in views:
        stop = min(start + len(view), m)
        whole[start:stop] = view[: stop - start]
        start = stop
    return jax.device_put(whole, _device_of(parts[0]))
