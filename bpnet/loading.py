"""Networks from files."""

from __future__ import annotations

import os
from typing import Any

from . import backends as _backends
from ._lib.constraints import Boolean, Integer
from .backends import Backend, BackendUnavailableError
from .model.arrays import flat_parameters
from .model.description import model_from
from .network import Network
from .storage.models import read_model
from .training import Counters, TrainingState
from .training.state import Trained

__all__ = ["load"]


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
        Of a file.
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
        If there is no such file.
    ValueError
        If it is not a model of bpnet, is damaged, or comes from a newer release.

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
    arrays, header = read_model(path)
    try:
        model = model_from(header, custom or {})
        theta, running = flat_parameters(model.architecture, arrays)
        counters = Counters(
            epochs=Integer(0)("epochs", header["epochs"]),
            steps=Integer(0)("steps", header.get("steps", 0)),  # absent from older files
        )
        state = TrainingState(theta, (), (running,) if running.size else ())
        net = object.__new__(Network)
        own = _backends.get_backend(backend, device, dtype or header["dtype"])
        seed, metadata = Integer(0)("seed", header["seed"]), dict(header["metadata"])
        task_given = not Boolean()("task_is_open", header.get("task_is_open", False))
        net.__setstate__((model, task_given, own, seed, metadata, Trained(state, counters)))
    except BackendUnavailableError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"{os.fspath(path)!r} cannot be read, or is damaged: {what}") from error
    return net
