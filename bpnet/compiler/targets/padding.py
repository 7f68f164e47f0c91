"""Which sizes samples are padded to and cut into, so that few are compiled for any number of rows.

Sizes grow by at most a quarter: 1 to 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, ..., `LARGEST`.
"""

from __future__ import annotations

__all__ = ["LARGEST", "padded_size", "row_blocks"]

LARGEST = 4096
_COPIED = 256  # rows that are padded as they are; of more the greater part is used where it lies


def padded_size(m: int) -> int:
    """The least size from ``m`` on.

    Examples
    --------
    >>> [padded_size(m) for m in (1, 8, 9, 100, 4096)]
    [1, 8, 10, 112, 4096]
    """
    step = _step(m)
    return -(-m // step) * step


def row_blocks(m: int, most: int = LARGEST) -> list[tuple[int, int, int]]:
    """Blocks that cover ``m`` rows: start and stop of each, and the size it is padded to.

    Only the last one may need padding, and it is short, as padding copies its rows.

    Parameters
    ----------
    m : int
    most : int, optional
        Rows per block; the greatest size up to it is used.

    Examples
    --------
    >>> row_blocks(100)
    [(0, 100, 112)]
    >>> row_blocks(10_000)
    [(0, 4096, 4096), (4096, 8192, 4096), (8192, 9984, 1792), (9984, 10000, 16)]
    """
    most = _whole_size(min(most, LARGEST))
    blocks, start = [], 0
    while start < m:
        left = min(m - start, most)
        size = padded_size(left) if left <= _COPIED else _whole_size(left)
        stop = min(start + size, m)
        blocks.append((start, stop, size))
        start = stop
    return blocks


def _whole_size(m: int) -> int:
    """The greatest size up to ``m``."""
    return m - m % _step(m)


def _step(m: int) -> int:
    """Distance of the sizes around ``m``."""
    return 1 << max((m - 1).bit_length() - 3, 0)
