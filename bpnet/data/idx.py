"""The IDX format, in which MNIST is distributed."""

from __future__ import annotations

import gzip
import io
import math
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._lib.constraints import Integer
from .._lib.files import as_path, check_regular_file
from .memory_limit import check_memory, memory_errors_named, read_up_to

__all__ = ["GZIP_MAGIC", "read_idx", "read_idx_header"]

GZIP_MAGIC = b"\x1f\x8b"
_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP_MAX_RATIO = 1032  # deflate cannot do better: 258 bytes from two bits


def read_idx(path: str | os.PathLike[str], *, max_bytes: int | None = None) -> NDArray[Any]:
    """Read an array from an IDX file, gzip-compressed or not.

    The header is never trusted: what it promises is compared with the size of the file before
    anything is read, and memory grows only with the bytes that are really there.

    Parameters
    ----------
    path : str or path
        Compression is seen from the content, not from the name.
    max_bytes : int, optional
        What the array may take if the file is compressed; by default 64 MiB, or 32 times the
        size of the file if that is more.

    Returns
    -------
    array
        Of the shape and number type in the header (unsigned or signed 8-bit, 16-bit or 32-bit
        integers, or floats of 32 or 64 bits), in the machine's byte order, writable.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no IDX file, is damaged, holds fewer or more bytes than its header
        promises, or unpacks to more than is allowed; the message gives the file and both values.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "small.idx")
    >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    >>> read_idx(path)
    array([7, 8, 9], dtype=uint8)
    >>> folder.cleanup()
    """
    path, max_bytes = as_path(path), Integer(1, optional=True)("max_bytes", max_bytes)
    check_regular_file(path)
    with path.open("rb") as raw, memory_errors_named(path):
        packed = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        size = os.fstat(raw.fileno()).st_size
        if not packed:
            return _read(path, raw, size, size)
        try:
            with gzip.open(raw) as unpacked:
                return _read(path, unpacked, size * _GZIP_MAX_RATIO, max_bytes)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path}: damaged gzip data ({error})") from None


def _read(path: Path, file: io.BufferedIOBase, largest: int, max_bytes: int | None) -> NDArray[Any]:
    """The array in an open IDX file of which at most ``largest`` bytes can come."""
    dtype, shape = read_idx_header(path, file)
    promised = math.prod(shape) * dtype.itemsize
    said = f"{path}: the header promises {promised} bytes for shape {shape}"
    if promised > largest:
        raise ValueError(f"{said}, the file cannot hold more than {largest}")
    unpack = f"; or unpack it once, for example by gunzip --keep {path}"
    check_memory(path, promised, max_bytes, f"an array of shape {shape}", unpack)
    data = read_up_to(file, promised)
    if len(data) < promised:
        raise ValueError(f"{said}, the file has {len(data)}")
    if file.read(1):
        raise ValueError(f"{said}, the file has at least {promised + 1}")
    try:
        array = np.frombuffer(data, dtype).reshape(shape)
    except ValueError as error:
        raise ValueError(f"{path}: no array can have the shape {shape} ({error})") from None
    return array.astype(dtype.newbyteorder("="), copy=False)


def read_idx_header(path: Path, file: io.BufferedIOBase) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Type and shape of the array that follows in an open file.

    Raises
    ------
    ValueError
        If it is no IDX header; the message names ``path``.
    """
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES:
        known = ", ".join(f"{code:02x}" for code in _TYPES)
        raise ValueError(
            f"{path}: not an IDX file: it begins with {magic.hex(' ') or 'nothing'}, expected "
            f"00 00, a type out of {known}, and the number of dimensions"
        )
    n_dims = magic[3]
    sizes = file.read(4 * n_dims)
    if len(sizes) < 4 * n_dims:
        raise ValueError(
            f"{path}: the header promises {n_dims} dimensions, {4 * n_dims} bytes, "
            f"the file has {len(sizes)}"
        )
    return np.dtype(_TYPES[magic[2]]), tuple(np.frombuffer(sizes, ">u4").tolist())
