"""What a fit, or a single step, is given of a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..backends import Backend
from ..model import Model
from .runs import CompiledRuns
from .store import StateStore

__all__ = ["Trainable"]


class Trainable(NamedTuple):
    """A model with its state, on a backend.

    Parameters
    ----------
    model : Model
    backend : Backend
    store : StateStore
    runs : CompiledRuns
    seed : int
    metadata : callable
        ``metadata()`` is written to checkpoints.
    task_is_open : bool
        Whether the first training targets may still decide the model's task.
    adopt : callable
        ``adopt(model)`` is called when they have.
    """

    model: Model
    backend: Backend
    store: StateStore
    runs: CompiledRuns
    seed: int
    metadata: Callable[[], dict[str, Any]]
    task_is_open: bool
    adopt: Callable[[Model], None]
