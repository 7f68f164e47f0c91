"""Files of checkpoints: arrays and a header, held together by a digest."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .header import CHECKPOINT, MODEL, decode_header, encode_header
from .rows import rows_of, table_of
from .safetensors import as_damage, read_arrays, write_arrays

__all__ = ["decode_checkpoint", "read_checkpoint_file", "write_checkpoint_file"]

_DIGEST = "digest"  # key among the texts
_VERSIONS = 1, 2  # the first has the history in its header
_HISTORY = "history."  # begins the names of the history's columns


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
        JSON values, NaN and infinity included; NumPy scalars become Python's own. The rows of
        ``"history"`` become an array for each column: a header has a largest size.

    Raises
    ------
    OSError
        If the file cannot be written; one that was there is kept.
    TypeError, ValueError
        If a value is none that JSON can say, or the header is too large.
    """
    table = table_of(header.get("history"))
    if table is not None:
        arrays = {**arrays, **{_HISTORY + name: column for name, column in table.items()}}
        header = {**header, "history": {"columns": list(table)}}
    text = encode_header(header, _VERSIONS[-1], default=_python_scalar)
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
            f"{os.fspath(path)!r} is a model, not a checkpoint, so there is no training in "
            "it to resume: bpnet.load reads it, and its fit begins anew"
        )
    if CHECKPOINT not in texts:
        raise ValueError(f"{os.fspath(path)!r} is a safetensors file, but not a bpnet checkpoint")
    header = decode_checkpoint(path, arrays, texts)
    history = header.get("history")
    if isinstance(history, dict):
        with as_damage(path):
            header["history"] = rows_of(history.get("columns"), _HISTORY, arrays)
    return {n: a for n, a in arrays.items() if not n.startswith(_HISTORY)}, header


def decode_checkpoint(
    path: str | os.PathLike[str], arrays: dict[str, np.ndarray[Any, Any]], texts: dict[str, str]
) -> dict[str, Any]:
    """Header of a checkpoint that has been read; raises where its digest is not right."""
    header = decode_header(path, texts[CHECKPOINT], "checkpoint", _VERSIONS)
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
    raise TypeError(
        f"a checkpoint holds None, True, False, numbers, text, lists, dictionaries and arrays, not "
        f"{value!r}"
    )
