"""How much memory the contents of a file may take."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from typing import IO

__all__ = [
    "BYTES_OF_COLUMN",
    "BYTES_OF_TEXT",
    "check_memory",
    "memory_errors_named",
    "memory_limit",
    "read_up_to",
]

BYTES_OF_COLUMN = 400  # of its name, its array and their places in lists and dictionaries
BYTES_OF_TEXT = 64  # of a short string

_CHUNK = 2**20
_ALWAYS = 64 * 2**20
_PER_BYTE = 32  # of the file: more than any file needs that is not compressed


def memory_limit(path: str | os.PathLike[str], max_bytes: int | None) -> int:
    """Bytes that the contents of a file may take: 64 MiB, or 32 times its size if that is more.

    Parameters
    ----------
    path : str or path
    max_bytes : int or None
        The limit that takes the place of this one.
    """
    if max_bytes is not None:
        return max_bytes
    return max(_ALWAYS, _PER_BYTE * os.stat(path).st_size)


def check_memory(
    path: str | os.PathLike[str],
    needed: int,
    max_bytes: int | None,
    what: str,
    otherwise: str = "",
) -> None:
    """Raise, before anything is unpacked, if it needs more memory than a file may take.

    Parameters
    ----------
    path : str or path
    needed : int
        Bytes.
    max_bytes : int or None
        As for `memory_limit`.
    what : str
        What needs them, for the message.
    otherwise : str, optional
        Another way out.

    Raises
    ------
    ValueError
        The message gives both numbers, and how to read the file all the same.
    """
    limit = memory_limit(path, max_bytes)
    if needed > limit:
        raise ValueError(
            f"{os.fspath(path)}: {what} takes about {needed:,} bytes of memory, the limit for "
            f"this file is {limit:,}; if you trust the file, raise it: max_bytes={needed} in "
            f"Python, --max-bytes {needed} on the command line{otherwise}"
        )


def read_up_to(file: IO[bytes] | io.BufferedIOBase, count: int) -> bytearray:
    """At most ``count`` bytes of a file; memory grows only with the bytes that are there."""
    data = bytearray()
    while len(data) < count and (chunk := file.read(min(_CHUNK, count - len(data)))):
        data += chunk
    return data


@contextlib.contextmanager
def memory_errors_named(path: str | os.PathLike[str]) -> Iterator[None]:
    """While entered, a lack of memory is a ValueError that names the file."""
    try:
        yield
    except MemoryError:
        raise ValueError(
            f"{os.fspath(path)}: its contents do not fit into memory; bpnet.data.source reads "
            "CSV, Parquet, NPY and IDX files in parts"
        ) from None
