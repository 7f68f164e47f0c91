"""The compiled runs of a model: steps, forward passes, gradients, predictions and scores."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

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
    join_rows,
    row_slices,
)
from ..data.inputs import as_inputs
from ..data.sparse import SparseRows, dense, dense_rows
from ..metrics.accuracy import Accuracy
from ..metrics.classes import predicted_classes, predicted_labels
from ..metrics.r2 import R2
from ..model import Model, gradient
from .config import StepConfig
from .scores import costs_of
from .sparse_runs import sparse_too
from .state import TrainingState
from .step import make_step

__all__ = ["CompiledRuns"]

# Entries of the largest array of activations that is computed at a time: some megabytes.
_CHUNK = 2**21


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

    def forget(self) -> None:
        """Compile everything anew when it is next asked for."""
        for name in ("forward", "gradient", "weighted_gradient", "activate", "_classes", "_labels"):
            vars(self).pop(name, None)
        self._step, self._scores = None, {}

    def step(self, config: StepConfig) -> Run:
        """Training steps; another learning rate makes no other run."""
        if self._step is None or self._step[0] != config.identity:
            self._step = None  # whose memory may be needed
            run = compile_step(self._backend, make_step(self._model, config))
            self._step = config.identity, sparse_too(self._backend, run)
        return self._step[1]

    @functools.cached_property
    def forward(self) -> ForwardRun:
        """The forward pass, ``forward((theta, running), x) -> z``."""
        return compile_forward(self._backend, self._model.forward)

    @functools.cached_property
    def rows_per_block(self) -> int:
        """Samples that are computed at a time, so that memory does not grow with their number."""
        return max(1, _CHUNK // max(self._model.sizes))

    def by_blocks(self, run: RowRun, state: TrainingState, x: Any) -> Array:
        """``run((), z)`` with z of the output layer, of samples as a user gives them.

        Many samples are computed block by block; those in NumPy's floating types are also checked
        and converted so.
        """
        width, backend, most = self._model.sizes[0], self._backend, self.rows_per_block
        parameters = state.theta, state.running
        converted = not (type(x) is np.ndarray and x.dtype.kind == "f" and x.ndim == 2)
        if converted or x.shape[0] <= most:
            x, converted = as_inputs(x, width, backend), True
            if x.shape[0] <= most:
                return run((), self.forward(parameters, dense(x)))
        parts = []
        for rows in row_slices(backend, x.shape[0], most):
            part = dense_rows(backend, x, rows) if converted else self._checked(x, rows)
            parts.append(run((), self.forward(parameters, part)))
        return join_rows(backend, parts)

    def _checked(self, x: np.ndarray[Any, Any], rows: slice) -> Array | SparseRows:
        """Some samples on the device."""
        width, backend = self._model.sizes[0], self._backend
        try:
            return as_inputs(x[rows], width, backend)
        except ValueError:
            as_inputs(x, width, backend)  # whose message has the number of the row in x
            raise

    @functools.cached_property
    def gradient(self) -> Run:
        """Adds the gradients of mini-batches to a vector: the state is ``(theta, sum)``."""
        return self._gradient(weighted=False)

    @functools.cached_property
    def weighted_gradient(self) -> Run:
        """The same of samples with a weight each, the last column of the targets."""
        return self._gradient(weighted=True)

    def _gradient(self, weighted: bool) -> Run:
        model = self._model

        def step(
            xp: Any, state: Any, x: Array, y: Array, rates: Sequence[Any]
        ) -> tuple[Any, Array]:
            theta, total = state
            found = gradient(model, xp, theta, (), x, y, mean=False, weighted=weighted)
            return (theta, total + found.theta), found.z

        return sparse_too(self._backend, compile_step(self._backend, step))

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
        return self._labels if task == "multilabel" else self._classes

    @functools.cached_property
    def _classes(self) -> RowRun:
        output = self._model.output
        return compile_rows(self._backend, lambda xp, _, z: predicted_classes(z, output, xp))

    @functools.cached_property
    def _labels(self) -> RowRun:
        output = self._model.output
        return compile_rows(self._backend, lambda xp, _, z: predicted_labels(z, output, xp))

    def block_sums(self, own: Accuracy | R2 | None) -> BlockRun:
        """Sum of the costs, shape (1,), and what a metric sums up, ``run((), z, y)``."""
        model = self._model

        def sums(xp: Any, rows: RowReductions, state: Any, *arrays: Array) -> Any:
            z, y = arrays
            total = rows.sum(model.cost.of_output(model.output, z, y, xp))
            block = own.block(z, model.output, y, xp, rows) if own else ()
            return xp.reshape(total, (1,)), block

        found: BlockRun = self._kept((own,), lambda: compile_blocks(self._backend, sums))
        return found

    def step_sums(self, own: Accuracy | R2 | None, weighted: bool) -> Callable[..., Any]:
        """Costs and weights of each step, and what a metric sums up of all.

        ``run(outputs, y, targets)``: outputs are z of each step, shape (steps, m, n_L). Of y, which
        the costs are of, and of targets, which the metric is of, there is a row for each sample; y
        has with ``weighted`` the weights as a last column. The weights of a step are those of its
        samples together, shape (steps,); without ``weighted`` None.
        """
        model, entries = self._model, self._backend.entries_per_pass

        def sums(xp: Any, outputs: Array, y: Array, targets: Array) -> Any:
            steps, m, n = outputs.shape
            z = xp.reshape(outputs, (-1, n))
            cost = costs_of(model, xp, z, y, weighted=weighted, entries=entries)
            costs = xp.sum(xp.reshape(cost, (steps, m)), axis=1)
            weights = xp.sum(xp.reshape(y[:, -1], (steps, m)), axis=1) if weighted else None
            rows = RowReductions(xp)
            block = own.block(z, model.output, targets, xp, rows) if own else ()
            return costs, weights, block

        key = own, weighted
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
