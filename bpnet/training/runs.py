"""The compiled runs of a model: steps, forward passes, gradients, predictions and scores."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from ..activations import Sigmoid
from ..backends import Array, Backend
from ..compiler import ForwardRun, Run, compile_forward, compile_step
from ..compiler.rows import (
    BlockRun,
    RowReductions,
    RowRun,
    compile_blocks,
    compile_function,
    compile_rows,
)
from ..data.inputs import as_inputs
from ..metrics.classes import predicted_classes, predicted_labels
from ..model import Model, gradient
from .config import StepConfig
from .scores import costs_of, task_metric
from .state import TrainingState
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
        self._step: tuple[Hashable, Run] | None = None
        self._scores: dict[Hashable, Any] = {}

    def step(self, config: StepConfig) -> Run:
        """Training steps; another learning rate makes no other run."""
        if self._step is None or self._step[0] != config.identity:
            self._step = None  # whose memory may be needed
            run = compile_step(self._backend, make_step(self._model, config))
            self._step = config.identity, run
        return self._step[1]

    @functools.cached_property
    def forward(self) -> ForwardRun:
        """The forward pass, ``forward((theta, running), x) -> z``."""
        return compile_forward(self._backend, self._model.forward)

    def weighted_input(self, state: TrainingState, x: Any) -> Array:
        """z of the output layer, shape (m, n_L), of samples as a user gives them."""
        own = as_inputs(x, self._model.sizes[0], self._backend)
        return self.forward((state.theta, state.running), own)

    @functools.cached_property
    def gradient(self) -> Run:
        """Adds the gradients of mini-batches to a vector: the state is ``(theta, sum)``."""
        model = self._model

        def step(
            xp: Any, state: Any, x: Array, y: Array, rates: Sequence[Any]
        ) -> tuple[Any, Array]:
            theta, total = state
            found = gradient(model, xp, theta, (), x, y, mean=False)
            return (theta, total + found.theta), found.z

        return compile_step(self._backend, step)

    @functools.cached_property
    def activate(self) -> RowRun:
        """Activations of the output layer, ``activate((), z) -> a``."""
        output = self._model.output
        return compile_rows(self._backend, lambda xp, _, z: output.value(z, xp))

    def probabilities(self, task: str) -> RowRun:
        """Probability of each class or label, ``run((), z)``; two columns of a single output."""
        output = self._model.output

        def both(xp: Any, state: Any, *arrays: Array) -> Array:
            (z,) = arrays
            if output.consists_of(Sigmoid):  # 1 - a would lose the digits of what is near 0
                return xp.sigmoid(xp.concat([-z, z], axis=1))
            a = output.value(z, xp)
            return xp.concat([1.0 - a, a], axis=1)

        if self._model.sizes[-1] > 1 or task != "classification":
            return self.activate
        found: RowRun = self._kept("probabilities", lambda: compile_rows(self._backend, both))
        return found

    def decide(self, task: str) -> RowRun:
        """Class of each sample, or its labels as zeros and ones, ``run((), z)``."""
        output = self._model.output
        predicted = predicted_labels if task == "multilabel" else predicted_classes

        def decided(xp: Any, state: Any, *arrays: Array) -> Array:
            return predicted(arrays[0], output, xp)

        found: RowRun = self._kept(("decide", task), lambda: compile_rows(self._backend, decided))
        return found

    def block_sums(self, task: str) -> BlockRun:
        """Sum of the costs, shape (1,), and what `task_metric` sums up, ``run((), z, y)``."""
        model, own = self._model, task_metric(task)

        def sums(xp: Any, rows: RowReductions, state: Any, *arrays: Array) -> Any:
            z, y = arrays
            total = rows.sum(model.cost.of_output(model.output, z, y, xp))
            return xp.reshape(total, (1,)), own.block(z, model.output, y, xp, rows)

        found: BlockRun = self._kept((task,), lambda: compile_blocks(self._backend, sums))
        return found

    def step_sums(self, task: str, weighted: bool) -> Callable[..., Any]:
        """Costs and weights of each step, and what `task_metric` sums up of all.

        ``run(outputs, y, targets)``: outputs are z of each step, shape (steps, m, n_L). Of y, which
        the costs are of, and of targets, which the metric is of, there is a row for each sample; y
        has with ``weighted`` the weights as a last column. The weights of a step are those of its
        samples together, shape (steps,); without ``weighted`` None.
        """
        model, own, entries = self._model, task_metric(task), self._backend.entries_per_pass

        def sums(xp: Any, outputs: Array, y: Array, targets: Array) -> Any:
            steps, m, n = outputs.shape
            z = xp.reshape(outputs, (-1, n))
            cost = costs_of(model, xp, z, y, weighted=weighted, entries=entries)
            costs = xp.sum(xp.reshape(cost, (steps, m)), axis=1)
            weights = xp.sum(xp.reshape(y[:, -1], (steps, m)), axis=1) if weighted else None
            return costs, weights, own.block(z, model.output, targets, xp, RowReductions(xp))

        key = task, weighted
        found: Callable[..., Any] = self._kept(key, lambda: compile_function(self._backend, sums))
        return found

    def total_cost(self, weighted: bool) -> BlockRun:
        """Sum of the costs of samples, ``run((), z, y)``."""
        model, entries = self._model, self._backend.entries_per_pass

        def total(xp: Any, rows: RowReductions, state: Any, *arrays: Array) -> Array:
            return rows.sum(costs_of(model, xp, *arrays, weighted=weighted, entries=entries))

        found: BlockRun = self._kept(weighted, lambda: compile_blocks(self._backend, total))
        return found

    def _kept(self, key: Hashable, make: Callable[[], Any]) -> Any:
        if key not in self._scores:
            self._scores[key] = make()
        return self._scores[key]
