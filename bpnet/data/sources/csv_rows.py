"""Where the rows of a CSV file begin."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tables.reading.text_file import too_long

__all__ = ["EVERY", "RowIndex", "index_rows"]

EVERY = 64  # rows from one known place in the file to the next
_QUOTE, _SPACE = 34, 32


class RowIndex(NamedTuple):
    """Known places in a file.

    Attributes
    ----------
    starts : array, shape (ceil(rows / EVERY) + 1,), int64
        The first byte of every 64th row after the header, and the end of the last row.
    rows : int
        Number of rows, without the header.
    size : int
        Bytes of the file.
    """

    starts: NDArray[np.int64]
    rows: int
    size: int


def index_rows(
    path: Path,
    begin: int,
    delimiter: str,
    line_end: int,
    *,
    chunk: int,
    longest: int,
    header: bool = True,
) -> RowIndex:
    """Pass over a file once to find where rows begin, at the speed of the disk.

    Parameters
    ----------
    path : Path
    begin : int
        Byte at which the header begins.
    delimiter : str
    line_end : int
        The byte that ends a line.
    chunk : int
        How many bytes to read at a time.
    longest : int
        Bytes that a row may have.
    header : bool, optional
        Whether the first row is none.

    Raises
    ------
    ValueError
        If a quote is not closed, or a row is too long.
    """
    starts: list[NDArray[np.int64]] = []
    rows, odd, pending = -int(header), 0, 0
    at = row_start = begin
    with path.open("rb") as file:
        file.seek(begin)
        while content := file.read(chunk):
            letters = np.frombuffer(content, np.uint8)
            is_end = letters == line_end
            if odd or b'"' in content:  # a line that ends within quotes goes on
                quotes = np.cumsum(letters == _QUOTE, dtype=np.int64) + odd
                is_end &= quotes % 2 == 0
                odd = int(quotes[-1]) % 2
            ends = np.flatnonzero(is_end)
            # Blank lines are no rows: what comes before an end must have something to see.
            visible = (letters > _SPACE) | (letters == ord(delimiter))
            seen = np.cumsum(visible, dtype=np.int64)
            seen += pending
            before = np.concatenate([[0], seen[ends]])
            pending = int(seen[-1] - before[-1])
            begins = np.concatenate([[row_start], at + ends + 1])
            row_start = int(begins[-1])
            if at + len(content) - row_start > longest:
                raise ValueError(too_long(path, f"byte {row_start}", f"{longest:,} bytes"))
            found = begins[:-1][np.diff(before) > 0]
            numbers = np.arange(rows, rows + len(found))
            starts.append(found[(numbers >= 0) & (numbers % EVERY == 0)])
            rows += len(found)
            at += len(content)
    if odd:
        raise ValueError(f"{path}: a quote is opened, but not closed")
    if pending:  # a last line without an end
        if rows >= 0 and rows % EVERY == 0:
            starts.append(np.array([row_start], np.int64))
        rows += 1
    return RowIndex(np.concatenate([*starts, np.array([at], np.int64)]), max(rows, 0), at)
