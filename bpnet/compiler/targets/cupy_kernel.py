"""Kernels on arrays of CuPy."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import cupy

from ...backends import Array
from .kernels import KERNEL_NAME, THREADS, KernelSource, cuda_code

__all__ = ["Kernel", "compiled"]


class Kernel:
    """The kernel of a chain, compiled once for each layout of its arrays.

    Parameters
    ----------
    source : KernelSource
    """

    def __init__(self, source: KernelSource) -> None:
        self._source = source
        self._made: dict[Any, Callable[[tuple[Array, ...]], None]] = {}

    def __call__(self, *arrays: Array) -> None:
        lies = tuple((one.shape, one.strides) for one in arrays)
        if lies not in self._made:
            steps = [tuple(step // one.itemsize for step in one.strides) for one in arrays]
            text, blocks = cuda_code(self._source, [shape for shape, _ in lies], steps)
            self._made[lies] = functools.partial(compiled(text), (blocks,), (THREADS,))
        self._made[lies](arrays)


@functools.cache
def compiled(text: str) -> Any:
    """The launcher of a kernel; CuPy compiles it at the first call on each device."""
    return cupy.RawKernel(text, KERNEL_NAME)
