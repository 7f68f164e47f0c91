"""What a fit, or a single step, is given of a network."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ..backends import Backend
from ..model import Model, default_task
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
    before : Model
        What the network had before a fit decided of its task and classes.
    task_is_open : bool
        Whether the task was not given, and nothing was learned with one yet.
    adopt : callable
        ``adopt(model)`` gives the network this model, which may have another task, and classes.
    """

    model: Model
    backend: Backend
    store: StateStore
    runs: CompiledRuns
    seed: int
    metadata: Callable[[], dict[str, Any]]
    before: Model
    task_is_open: bool
    adopt: Callable[[Model], None]

    @contextlib.contextmanager
    def model_adopted(self) -> Iterator[None]:
        """Give the network the model's task and classes, unless what is done meanwhile fails."""
        self.adopt(self.model)
        try:
            yield
        except BaseException:
            self.undo()
            raise

    def undo(self) -> None:
        """Forget what targets decided: of the task, if it was open, and of the classes."""
        model = self.before
        if self.task_is_open:
            model = model.replaced(task=default_task(model.cost, model.output))
        self.adopt(model)
