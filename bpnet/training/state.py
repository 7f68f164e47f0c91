"""What training changes: arrays on the device, and counters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .._lib.frozen import Frozen
from ..backends import Array
from ..initializers import Initializer, own
from ..model import Model
from ..optimizers import Optimizer

__all__ = ["Counters", "Trained", "TrainingState", "map_arrays", "untrained"]


class TrainingState(NamedTuple):
    """What a training step maps to its successor.

    Parameters
    ----------
    theta : array, shape (size,)
        All parameters; see `bpnet.model.Layout`.
    memory : tuple of array
        Of the optimizer.
    running : tuple of array
        Running means and variances of batch normalization, in one vector; empty without it.
    average : tuple of array
        Moving average of theta; empty where none is kept.
    loss_scale : tuple of array
        Scale of the gradients in float16 and the steps since it changed, shape (2,); empty with
        other types.
    penalty : tuple of array
        While an epoch goes on, penalties of its mini-batches so far, each times its number of
        samples, shape (1,); empty where ``alpha`` is None, and in what is published.
    """

    theta: Array
    memory: tuple[Array, ...] = ()
    running: tuple[Array, ...] = ()
    average: tuple[Array, ...] = ()
    loss_scale: tuple[Array, ...] = ()
    penalty: tuple[Array, ...] = ()


class Counters(Frozen):
    """How far a network is trained.

    Parameters
    ----------
    epochs, steps : int
        Completed since the network was made.
    optimizer_began : int
        The step at which the optimizer's memory began: its own first step.
    """

    epochs: int = 0
    steps: int = 0
    optimizer_began: int = 0


class Trained(NamedTuple):
    """State, counters and optimizer of one moment, which belong together.

    Parameters
    ----------
    state : TrainingState
    counters : Counters
    optimizer : Optimizer or None
        Whose memory the state holds; None where it holds none.
    """

    state: TrainingState
    counters: Counters = Counters()
    optimizer: Optimizer | None = None


def untrained(model: Model, initializer: Initializer, seed: int) -> tuple[Any, Trained]:
    """What a network has before its first step, in NumPy's arrays: a function of the seed.

    Before it stands the initializer, or None if it is not one of bpnet's.
    """
    running = (model.architecture.first_running(),) if model.architecture.running_size else ()
    return own(initializer), Trained(TrainingState(model.init(initializer, seed), (), running))


def map_arrays(function: Callable[[Array], Any], state: Any) -> Any:
    """Nested tuples with a function's result for each array; named tuples keep their type."""
    if isinstance(state, tuple):
        parts = [map_arrays(function, part) for part in state]
        return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)
    return function(state)
