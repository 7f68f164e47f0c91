"""The training state of a network, which one fit at a time may change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backends import Array, Backend
from ..model import Layout
from ..model.arrays import checked_arrays
from ..optimizers import Optimizer
from .config import FIRST_LOSS_SCALE, StepConfig
from .state import Counters, Trained, TrainingState, map_arrays

__all__ = ["StateStore", "from_host", "with_penalty"]

_BUSY = (
    "this network is being trained already: wait for the end of that fit, or train a copy "
    "(net.copy())"
)


class StateStore:
    """Holds state, counters and optimizer, and replaces all three in one assignment.

    So a thread that reads `current` while another trains sees the network of one moment. Arrays
    that were published are never written to again.

    While an epoch goes on, its run changes the optimizer's memory in place. What is published
    meanwhile has none.

    Parameters
    ----------
    backend : Backend
    current : Trained

    Attributes
    ----------
    backend : Backend
    current : Trained
    """

    def __init__(self, backend: Backend, current: Trained) -> None:
        import threading  # not needed by `import bpnet`

        self.backend, self.current = backend, current
        self._lock = threading.Lock()

    @property
    def state(self) -> TrainingState:
        """The latest state."""
        return self.current.state

    @property
    def counters(self) -> Counters:
        """The latest counters."""
        return self.current.counters

    def claim(self) -> None:
        """Reserve the state for one fit.

        Raises
        ------
        RuntimeError
            If another fit has it.
        """
        if not self._lock.acquire(blocking=False):
            raise RuntimeError(_BUSY)

    def release(self) -> None:
        """Let another fit have the state."""
        self._lock.release()

    def init_optimizer(self, config: StepConfig) -> None:
        """Add what these settings need to the state: the optimizer's memory, average, loss scale.

        What is there already is kept.
        """
        (state, counters, before), optimizer = self.current, config.optimizer
        if type(optimizer) is not type(before):
            memory = optimizer.init(state.theta, self.backend.xp)
            state = state._replace(memory=memory)
            counters = counters.replaced(optimizer_began=counters.steps)
        if bool(config.average) != bool(state.average):
            average = (self.backend.copy(state.theta),) if config.average else ()
            state = state._replace(average=average)
        if config.scales_loss != bool(state.loss_scale):
            scale = self.backend.from_host(FIRST_LOSS_SCALE, self.backend.dtype)
            state = state._replace(loss_scale=(scale,) if config.scales_loss else ())
        self.current = Trained(state, counters, optimizer)

    def replace(self, **changes: Any) -> None:
        """Replace parts of the state, by name."""
        trained = self.current
        self.current = trained._replace(state=trained.state._replace(**changes))

    def parameter_copies(self, layout: Layout) -> tuple[list[Array], list[Array]]:
        """Copies of the weights, (n_l, n_{l-1}) each, and of the biases, (n_l,) each."""
        with self.backend.scope():
            theta = self.backend.copy(self.state.theta)
            return layout.split(theta, self.backend.xp)

    def replace_parameters(
        self, layout: Layout, weights: Sequence[Any], biases: Sequence[Any]
    ) -> None:
        """Put other weights and biases in their place; see `Network.set_parameters`."""
        backend = self.backend
        with backend.scope():
            parts = checked_arrays(backend, "weights", weights, layout.weight_shapes)
            parts += checked_arrays(backend, "biases", biases, layout.bias_shapes)
            norms = backend.to_numpy(self.state.theta[layout.n_plain :])
            theta = backend.from_host(np.concatenate([*parts, norms]), backend.dtype)
        self.replace(theta=theta)

    def lend(self) -> TrainingState:
        """The state, for a run that changes the optimizer's memory in place.

        Until `commit`, what is published has no such memory.
        """
        state = self.state
        if state.memory:
            self.reset_optimizer()
        return state

    def commit(self, state: TrainingState, counters: Counters, optimizer: Optimizer) -> None:
        """Publish the state of a run: copies of all but the optimizer's memory and penalties."""
        kept = state._replace(memory=(), penalty=())
        copies: TrainingState = map_arrays(self.backend.copy, kept)
        self.current = Trained(copies._replace(memory=state.memory), counters, optimizer)

    def on_host(self) -> Trained:
        """What is published, in NumPy arrays of their own."""
        while True:
            trained = self.current
            with self.backend.scope():
                state = map_arrays(self.backend.to_numpy, trained.state)
            if trained is self.current or not trained.state.memory:
                return trained._replace(state=state)
            # A run began meanwhile, and changes the memory.

    def reset_optimizer(self) -> None:
        """Forget what the optimizer has learned: its next step is its first."""
        state, counters, _ = self.current
        self.current = Trained(state._replace(memory=()), counters, None)


def with_penalty(state: TrainingState, config: StepConfig, backend: Backend) -> TrainingState:
    """A state that was lent for an epoch, with penalties of zero if they are to be added up."""
    zero = (backend.xp.zeros_like(state.theta[:1]),) if config.sums_penalties else ()
    return state._replace(penalty=zero)


def from_host(trained: Trained, backend: Backend) -> Trained:
    """What `StateStore.on_host` returned, on a backend; the arrays are copied."""
    with backend.scope():
        state = map_arrays(lambda one: backend.from_host(one, backend.dtype), trained.state)
    return trained._replace(state=state)
