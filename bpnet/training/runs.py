"""The compiled runs of a model: of training steps, of forward passes, of gradients."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from ..backends import Array, Backend
from ..compiler import ForwardRun, Run, compile_forward, compile_step
from ..model import Model, gradient
from .config import StepConfig
from .step import make_step

__all__ = ["CompiledRuns"]


class CompiledRuns:
    """Compiles what a model needs when it is first asked for, and keeps the latest of each kind.

    Parameters
    ----------
    model : Model
    backend : Backend
    """

    def __init__(self, model: Model, backend: Backend) -> None:
        self._model, self._backend = model, backend
        self._forward: ForwardRun | None = None
        self._gradient: Run | None = None
        self._step: tuple[Hashable, Run] | None = None

    @property
    def forward(self) -> ForwardRun:
        """The forward pass, ``forward((theta, running), x) -> z``."""
        if self._forward is None:
            self._forward = compile_forward(self._backend, self._model.forward)
        return self._forward

    def step(self, config: StepConfig) -> Run:
        """Training steps; another learning rate makes no other run."""
        if self._step is None or self._step[0] != config.identity:
            self._step = None  # whose memory may be needed
            run = compile_step(self._backend, make_step(self._model, config))
            self._step = config.identity, run
        return self._step[1]

    @property
    def gradient(self) -> Run:
        """Adds the gradients of mini-batches to a vector: the state is ``(theta, sum)``."""
        if self._gradient is None:
            self._gradient = compile_step(self._backend, self._add_gradient)
        return self._gradient

    def _add_gradient(
        self, xp: Any, state: Any, x: Array, y: Array, rates: Sequence[Any]
    ) -> tuple[Any, Array]:
        theta, total = state
        found = gradient(self._model, xp, theta, (), x, y, mean=False)
        return (theta, total + found.theta), found.z
