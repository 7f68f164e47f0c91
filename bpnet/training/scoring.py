"""Costs and metrics: of samples, and of the mini-batches of an epoch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..backends import Array, Backend
from ..metrics.accuracy import Accuracy
from ..metrics.base import Metric
from ..metrics.r2 import R2
from ..model import Model
from .runs import CompiledRuns
from .state import TrainingState
from .sums import EpochSums

__all__ = ["EpochScorer", "costs_of", "evaluate", "task_metric"]

# Activations of one pass of an evaluation: some megabytes.
_CHUNK = 2**21


def task_metric(task: str) -> Accuracy | R2:
    """The metric that a history always has."""
    return Accuracy() if task == "classification" else R2()


def costs_of(model: Model, backend: Backend, z: Array, y: Array, *, weighted: bool) -> Array:
    """Cost of each sample, shape (m,), times its weight.

    Parameters
    ----------
    model : Model
    backend : Backend
    z : array, shape (m, n_L)
        Weighted inputs of the output layer.
    y : array, shape (m, n_L), or (m, n_L + 1)
        Targets; with ``weighted`` the last column holds the weights.
    weighted : bool
    """
    xp, last, (m, n) = backend.xp, model.output, z.shape
    rows = max(1, (backend.entries_per_pass or m * n) // n)
    parts = [slice(start, start + rows) for start in range(0, m, rows)]
    costs = [model.cost.of_output(last, z[part, :], y[part, :n], xp) for part in parts]
    cost = costs[0] if len(costs) == 1 else xp.concat(costs)
    return cost * y[:, -1] if weighted else cost


def evaluate(
    model: Model,
    backend: Backend,
    runs: CompiledRuns,
    state: TrainingState,
    samples: Iterable[tuple[Array, Array]],
    metrics: Sequence[Metric] = (),
) -> list[float]:
    """Mean cost, accuracy or R^2, and metrics, over samples that are on the device.

    Parameters
    ----------
    model : Model
    backend : Backend
    runs : CompiledRuns
    state : TrainingState
    samples : iterable of (x, y)
        Arrays of shape (m, n_0) and (m, n_L).
    metrics : sequence of Metric, optional

    Returns
    -------
    list of float
    """
    xp, own, last, n = backend.xp, task_metric(model.task), model.output, model.sizes[-1]
    to_numpy, forward, parameters = backend.to_numpy, runs.forward, (state.theta, state.running)
    rows = max(1, _CHUNK // max(model.sizes))
    sums, outputs = EpochSums(), []
    for x, y in samples:
        y = y[:, :n]
        for start in range(0, x.shape[0], rows):
            stop = min(start + rows, x.shape[0])
            part = y[start:stop, :]
            z = forward(parameters, x[start:stop, :])
            sums.costs.append(xp.reshape(xp.sum(model.cost.of_output(last, z, part, xp)), (1,)))
            sums.sums.append(own.sums(z, last, part, xp))
            if isinstance(own, R2):
                sums.moments.append(own.moments(part, xp))
            sums.counts.append(stop - start)
            if metrics:
                outputs.append([to_numpy(one) for one in (part, last.value(z, xp))])
    each = {what: sums.each(what, backend) for what in ("costs", "counts", *own.wants)}
    given = [np.concatenate(blocks).astype(np.float64) for blocks in zip(*outputs, strict=True)]
    cost = float(each["costs"].sum() / each["counts"].sum())
    return [cost, own.figure(*(each[w] for w in own.wants)), *(one(*given) for one in metrics)]


class EpochScorer:
    """Scores the mini-batches of an epoch by the outputs that their steps computed anyway.

    Parameters
    ----------
    model : Model
    backend : Backend
    metrics : sequence of Metric
        Computed from all outputs of an epoch, which are then kept on the host.
    weighted : bool
        Whether the last column of the targets holds the samples' weights.

    Attributes
    ----------
    metric : Accuracy or R2
        The task's own.
    """

    def __init__(
        self, model: Model, backend: Backend, metrics: Sequence[Metric], *, weighted: bool
    ) -> None:
        self.metric = task_metric(model.task)
        self._model, self._backend, self._weighted = model, backend, weighted
        self._metrics = tuple(metrics)

    def add(self, outputs: Array, y: Array, order: np.ndarray[Any, Any], sums: EpochSums) -> None:
        """Add costs and what metrics need of a block of steps.

        Parameters
        ----------
        outputs : array, shape (steps, batch size, n_L)
            z of the output layer.
        y : array, shape (rows, n_L), or (rows, n_L + 1)
        order : numpy.ndarray, shape (steps, batch size)
            Row numbers.
        sums : EpochSums
        """
        model, backend = self._model, self._backend
        xp, last = backend.xp, model.output
        rows = backend.from_host(order.reshape(-1), "int64")
        y = xp.take(y, rows, axis=0)
        z = xp.reshape(outputs, (-1, outputs.shape[2]))
        cost = costs_of(model, backend, z, y, weighted=self._weighted)
        y = y[:, : model.sizes[-1]]
        sums.costs.append(xp.sum(xp.reshape(cost, order.shape), axis=1))
        sums.sums.append(self.metric.sums(z, last, y, xp))
        if isinstance(self.metric, R2):
            sums.moments.append(self.metric.moments(y, xp))
        sums.counts.append(order.size)
        if self._metrics:
            sums.outputs.append(backend.to_numpy(last.value(z, xp)))
            sums.targets.append(backend.to_numpy(y))

    def join(self, sums: EpochSums) -> None:
        """Join on the device, without waiting for it, what `figures` will bring from there."""
        sums.join(("costs", *self.metric.wants), self._backend)

    def figures(self, sums: EpochSums) -> list[float]:
        """Accuracy or R^2, and the metrics, of the epoch's mini-batches."""
        own = self.metric.figure(*(sums.each(what, self._backend) for what in self.metric.wants))
        blocks = (sums.targets, sums.outputs) if self._metrics else ()
        given = [np.concatenate(one).astype(np.float64) for one in blocks]
        return [own, *(one(*given) for one in self._metrics)]
