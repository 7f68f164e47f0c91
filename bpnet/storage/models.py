"""Files of models: named arrays and a header."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .checkpoints import decode_checkpoint
from .header import CHECKPOINT, MODEL, encode_header, read_header
from .safetensors import read_arrays, write_arrays

__all__ = ["read_model", "write_model"]

# Arrays of the network in a checkpoint; earlier files number the parts of the state.
_IN_CHECKPOINT = {
    "state.theta": "theta",
    "state.running.0": "running",
    "state.0": "theta",
    "state.2.0": "running",
}


def write_model(
    path: str | os.PathLike[str], arrays: dict[str, np.ndarray[Any, Any]], header: dict[str, Any]
) -> None:
    """Write a model.

    Parameters
    ----------
    path : path
        Its folder must exist.
    arrays : dict of str to numpy.ndarray
    header : dict
        JSON values.

    Raises
    ------
    OSError
        If the file cannot be written; one that was there is kept.
    TypeError, ValueError
        If the header holds what JSON has not, NaN and infinity included.
    """
    text = encode_header(header, sort_keys=True, allow_nan=False)
    write_arrays(path, arrays, {MODEL: text})


def read_model(
    path: str | os.PathLike[str],
) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """Arrays and header of a model, or of the network in a checkpoint.

    Parameters
    ----------
    path : path

    Returns
    -------
    arrays : dict of str to numpy.ndarray
        By the names that `write_model` was given; of a checkpoint ``theta``, and ``running`` where
        there is one.
    header : dict

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a model of bpnet, is damaged, or comes from a newer release.
    """
    arrays, texts = read_arrays(path, "model")
    if CHECKPOINT in texts:
        header = {**decode_checkpoint(path, arrays, texts)["network"]}
        arrays = {
            _IN_CHECKPOINT[name]: array for name, array in arrays.items() if name in _IN_CHECKPOINT
        }
    elif MODEL in texts:
        header = read_header(path, texts[MODEL], "model")
    else:
        raise ValueError(f"{os.fspath(path)!r} is a safetensors file, but no bpnet model")
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{os.fspath(path)!r} is damaged: {name} is not finite everywhere")
    return arrays, header
