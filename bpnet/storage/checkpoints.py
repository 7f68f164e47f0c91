"""Files of checkpoints: arrays and a header, held together by a digest."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .header import CHECKPOINT, MODEL, encode_header, read_header
from .safetensors import read_arrays, write_arrays

__all__ = ["decode_checkpoint", "read_checkpoint_file", "write_checkpoint_file"]

_DIGEST = "digest"  # key among the texts


def write_checkpoint_file(
    path: str | os.PathLike[str], arrays: dict[str, np.ndarray[Any, Any]], header: dict[str, Any]
) -> None:
    """Write a checkpoint, with a digest of all that is in it.

    Parameters
    ----------
    path : path
        Its folder must exist.
    arrays : dict of str to numpy.ndarray
    header : dict
        JSON values, NaN and infinity included; NumPy scalars become Python's own.

    Raises
    ------
    OSError
        If the file cannot be written; one that was there is kept.
    """
    text = encode_header(header, default=_python_scalar)  # unsorted: a history's columns are not
    write_arrays(path, arrays, {CHECKPOINT: text, _DIGEST: _digest(arrays, text)})


def read_checkpoint_file(
    path: str | os.PathLike[str],
) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """Arrays and header that `write_checkpoint_file` was given.

    Parameters
    ----------
    path : path

    Returns
    -------
    arrays : dict of str to numpy.ndarray
    header : dict

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a checkpoint of bpnet, is damaged, or comes from a newer release.
    """
    arrays, texts = read_arrays(path, "checkpoint")
    if MODEL in texts:
        raise ValueError(
            f"{os.fspath(path)!r} is a model, no checkpoint: bpnet.load reads it, but there is "
            "nothing in it to go on from"
        )
    if CHECKPOINT not in texts:
        raise ValueError(f"{os.fspath(path)!r} is a safetensors file, but no bpnet checkpoint")
    return arrays, decode_checkpoint(path, arrays, texts)


def decode_checkpoint(
    path: str | os.PathLike[str], arrays: dict[str, np.ndarray[Any, Any]], texts: dict[str, str]
) -> dict[str, Any]:
    """Header of a checkpoint that has been read; raises where its digest is not right."""
    header = read_header(path, texts[CHECKPOINT], "checkpoint")
    if texts.get(_DIGEST) != _digest(arrays, texts[CHECKPOINT]):
        raise ValueError(f"{os.fspath(path)!r} is damaged: its digest is not that of its content")
    return header


def _digest(arrays: dict[str, np.ndarray[Any, Any]], text: str) -> str:
    """A digest of a header and of every array's name, type, shape and bytes."""
    import hashlib

    found = hashlib.blake2b(text.encode(), digest_size=16)
    for name, array in sorted(arrays.items()):
        found.update(f"{name} {array.dtype.str} {array.shape}".encode())
        content: Any = np.asarray(array, order="C").reshape(-1).view(np.uint8)
        found.update(content)
    return found.hexdigest()


def _python_scalar(value: Any) -> Any:
    if isinstance(value, np.generic):  # as a user's metric may return
        return value.item()
    raise TypeError(f"a checkpoint keeps what JSON can say, and arrays, not {value!r}")
