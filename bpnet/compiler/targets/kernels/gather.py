"""The kernel that collects rows of a matrix, such as the samples of a mini-batch."""

from __future__ import annotations

from .source import KernelSource

__all__ = ["gather_source"]


def gather_source(dtype: str, columns: int) -> KernelSource:
    """A kernel that copies rows of a matrix.

    Its inputs are the numbers of the rows, (m, 1), and the first row of the matrix, (1, columns).
    """
    return KernelSource(
        ("int64", dtype), (dtype,), f"out0 = at_in1[in0 * {columns} + i % {columns}];"
    )
