"""What files say of a network, and the file of a model."""

from __future__ import annotations

import os
from typing import Any

from ..model.arrays import named_arrays
from ..model.description import describe
from ..model.metadata import check_metadata
from ..storage.models import write_model
from .state import Counters
from .trainable import Trainable

__all__ = ["model_header", "save_model"]


def save_model(trainable: Trainable, path: str | os.PathLike[str]) -> None:
    """Write a network, without the optimizer's memory: see `Network.save`."""
    backend, to_numpy = trainable.backend, trainable.backend.to_numpy
    state, counters, _ = trainable.store.current
    with backend.scope():
        running = to_numpy(state.running[0]) if state.running else None
        arrays = named_arrays(trainable.model.architecture, to_numpy(state.theta), running)
    write_model(path, arrays, model_header(trainable, counters))


def model_header(trainable: Trainable, counters: Counters) -> dict[str, Any]:
    """What a file says of a network beside its arrays, which are those of the counters.

    Raises
    ------
    TypeError, ValueError
        If the metadata have an entry that `bpnet.load` would refuse.
    """
    check_metadata(trainable.metadata(), trainable.model)
    return {
        **describe(trainable.model),
        "dtype": trainable.backend.dtype,
        "seed": trainable.seed,
        "epochs": counters.epochs,
        "steps": counters.steps,
        "metadata": trainable.metadata(),
        **({"task_is_open": True} if trainable.task_is_open else {}),
    }
