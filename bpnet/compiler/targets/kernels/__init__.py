"""CUDA kernels as text: one for each chain of operations, for random numbers and for gathers.

A source says what a kernel computes; `cuda_code` makes of it CUDA for arrays of given shapes and
strides. In a chain of elementwise operations each thread computes some elements; in one with sums
or maxima over the rows of a matrix a warp computes a row.
"""

from __future__ import annotations

from .cuda_code import KERNEL_NAME, THREADS, cuda_code
from .elementwise import elementwise_source
from .gather import gather_source
from .random_numbers import random_source
from .rowwise import is_rowwise, rowwise_source
from .source import KernelSource

__all__ = [
    "KERNEL_NAME",
    "THREADS",
    "KernelSource",
    "cuda_code",
    "elementwise_source",
    "gather_source",
    "is_rowwise",
    "random_source",
    "rowwise_source",
]
