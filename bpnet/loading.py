"""Networks from files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from . import backends as _backends
from ._lib.files import as_path
from .backends import Backend
from .model.arrays import check_running, check_values, flat_parameters
from .model.description import model_from
from .model.metadata import check_metadata
from .network import Network
from .storage.models import read_model
from .storage.safetensors import as_damage
from .training import Counters, TrainingState
from .training.snapshot import checkpoints_in
from .training.state import Trained

__all__ = ["load", "model_file"]

_NAME = "model.safetensors"


def load(
    path: str | os.PathLike[str],
    *,
    backend: str | Backend | Any = None,
    device: str | Any = None,
    dtype: str | None = None,
    custom: dict[str, Any] | None = None,
) -> Network:
    """Read a network that `Network.save` wrote, or the network of a checkpoint.

    Parameters
    ----------
    path : path
        Of a file; or of the folder of a run, whose ``model.safetensors`` is taken.
    backend, device, dtype : optional
        As for `bpnet.get_backend`; the type is by default that of the file.
    custom : dict, optional
        The user's own activations and costs, by name.

    Returns
    -------
    Network
        Its parameters equal those saved, bit for bit.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or the folder has none; the message names its newest checkpoint.
    TypeError
        If it is no path.
    ValueError
        If it is not a model of bpnet, is damaged, or comes from a newer release. The message names
        the file and what is wrong in it. Every value is checked: a network that loads predicts.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.load("nowhere.safetensors")
    Traceback (most recent call last):
    FileNotFoundError: there is no model file 'nowhere.safetensors'
    """
    _backends.get_backend(
        backend, device, dtype
    )  # what is wrong with these is not the file's fault
    path = model_file(path)
    arrays, header = read_model(path)
    with as_damage(path):
        model = model_from(header, custom or {})
        with np.errstate(all="ignore"):  # of arrays of several types, which are refused next
            theta, running = flat_parameters(model.architecture, arrays)
        check_values(arrays, header["dtype"])
        check_running(model.architecture, running)
        check_metadata(header["metadata"], model)
    counters = Counters(epochs=header["epochs"], steps=header.get("steps", 0))
    state = TrainingState(theta, (), (running,) if running.size else ())
    own = _backends.get_backend(backend, device, dtype or header["dtype"])
    net = object.__new__(Network)
    trained = Trained(state, counters)
    task_given = not header.get("task_is_open", False)
    net.__setstate__((model, task_given, own, header["seed"], header["metadata"], trained))
    return net


def model_file(path: str | bytes | os.PathLike[Any]) -> Path:
    """The model file at a path, which may be the folder of a run.

    Raises
    ------
    FileNotFoundError
        If a folder has none; the message names its newest checkpoint, or what it has.
    TypeError
        If it is no path.
    """
    folder = as_path(path)
    if not folder.is_dir():
        return folder
    file = folder / _NAME
    if file.exists():
        return file
    text, places = str(folder), (folder, folder / "checkpoints")
    found = [one for each in places if each.is_dir() for one in checkpoints_in(each)]
    if found:
        raise FileNotFoundError(
            f"the folder {text!r} has no {_NAME}; its newest checkpoint can be loaded in its "
            f"place: {os.fspath(found[-1])!r}"
        )
    others = sorted(one.name for one in folder.glob("*.safetensors"))
    hint = f"; it has {', '.join(others[:10])}" if others else ""
    raise FileNotFoundError(f"the folder {text!r} has no {_NAME}{hint}")
