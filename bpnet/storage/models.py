"""Files of models: named arrays and a header."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .._lib.constraints import Boolean, Choice, Each, Integer, Text
from .._lib.files import as_path
from .._lib.records import Json, MapOf, Record
from .checkpoints import decode_checkpoint
from .header import CHECKPOINT, MODEL, decode_header, encode_header
from .safetensors import as_damage, read_arrays, write_arrays

__all__ = ["COUNT", "MODEL_HEADER", "read_model", "write_model"]

_VERSION = 1
COUNT = Integer(0, 2**53)
"""A number of epochs or steps, as large as a float can count."""
_FUNCTION = Record({"name": Text()})  # of its parameters the classes themselves know more

MODEL_HEADER = Record(
    {
        "sizes": Each(Integer(1, 2**31 - 1)),
        "activations": Each(_FUNCTION),
        "cost": _FUNCTION,
        "task": Text(),
        "dtype": Choice("float32", "float64"),
        "seed": Integer(0),
        "epochs": COUNT,
        "metadata": Record({}),
    },
    {
        "steps": COUNT,
        "task_is_open": Boolean(),
        "classes": Each(Text()),
        "layers": MapOf(Record({}, {"normalization": _FUNCTION})),
    },
)
"""The header of a network; files of earlier versions lack the optional keys."""

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
        If the header holds what JSON does not allow, NaN and infinity included, or what
        `read_model` would refuse.
    """
    path = as_path(path)
    text = encode_header(header, _VERSION, sort_keys=True, allow_nan=False)
    MODEL_HEADER("", Json()("", decode_header(path, text, "model", (_VERSION,))))
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
        As `MODEL_HEADER` says.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a model of bpnet, is damaged, or comes from a newer release.
    """
    arrays, texts = read_arrays(path, "model")
    header: Any
    if CHECKPOINT in texts:
        header = decode_checkpoint(path, arrays, texts).get("network")
        name, json = "network", Json(finite=False)
        arrays = {
            _IN_CHECKPOINT[name]: array for name, array in arrays.items() if name in _IN_CHECKPOINT
        }
    elif MODEL in texts:
        header = decode_header(path, texts[MODEL], "model", (_VERSION,))
        name, json = "", Json()
    else:
        raise ValueError(f"{os.fspath(path)!r} is a safetensors file, but not a bpnet model")
    with as_damage(path):
        if CHECKPOINT in texts and "theta" not in arrays:
            raise ValueError("the array state.theta is missing")
        return arrays, MODEL_HEADER(name, json(name, header))
