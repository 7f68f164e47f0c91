"""Costs and metrics: of samples, and of the mini-batches of an epoch."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..backends import Array, Backend
from ..compiler import ForwardRun
from ..compiler.rows import row_slices, rows_of_steps, take_rows
from ..data.sparse import dense_rows
from ..model import Model
from .feeds import Block
from .metric_columns import MetricColumns
from .runs import CompiledRuns
from .state import TrainingState
from .sums import EpochSums

__all__ = ["EpochScorer", "evaluate"]


def evaluate(
    model: Model,
    backend: Backend,
    runs: CompiledRuns,
    state: TrainingState,
    samples: Iterable[tuple[Array, Array]],
    metrics: MetricColumns,
    part: str = "validation",
    forward: ForwardRun | None = None,
) -> list[float]:
    """Mean cost and metrics, the task's own first, over samples that are on the device.

    Parameters
    ----------
    model : Model
    backend : Backend
    runs : CompiledRuns
    state : TrainingState
    samples : iterable of (x, y)
        Arrays of shape (m, n_0) and (m, n_L); x may be sparse rows.
    metrics : MetricColumns
    part : {"train", "validation"}, optional
        Which columns of the history they are for.
    forward : callable, optional
        In place of ``runs.forward``.

    Returns
    -------
    list of float
    """
    own = metrics.own
    wants = own.wants if own else ()
    forward, parameters = forward or runs.forward, (state.theta, state.running)
    block_sums, most = runs.block_sums(own), runs.rows_per_block
    sums, outputs = EpochSums(), []
    for x, y in samples:
        for rows in row_slices(backend, x.shape[0], most):
            x_k, y_k = dense_rows(backend, x, rows), take_rows(backend, y, rows)
            z = forward(parameters, x_k)
            for count, (cost, block) in block_sums((), z, y_k):
                sums.add(cost, block, count)
            if metrics:
                outputs.append([backend.to_numpy(one) for one in (y_k, runs.activate((), z))])
    each = {what: sums.each(what, backend) for what in ("costs", "counts", *wants)}
    cost = float(each["costs"].sum() / each["counts"].sum())
    figures = [cost]
    if own:  # the largest of outputs that are no numbers would still be a class
        figure = own.figure(*(each[what] for what in wants))
        figures.append(cost if np.isnan(cost) else figure)
    if metrics:
        figures += metrics.figures(part, *map(np.concatenate, zip(*outputs, strict=True)))
    return figures


class EpochScorer:
    """Scores the mini-batches of an epoch by the outputs that their steps computed anyway.

    Parameters
    ----------
    model : Model
    backend : Backend
    runs : CompiledRuns
    metrics : MetricColumns
        Computed from all outputs of an epoch, which are then kept on the host.
    weighted : bool
        Whether the last column of the targets holds the samples' weights.

    Attributes
    ----------
    own : Accuracy, R2 or None
        The task's own metric.
    """

    def __init__(
        self,
        model: Model,
        backend: Backend,
        runs: CompiledRuns,
        metrics: MetricColumns,
        *,
        weighted: bool,
    ) -> None:
        self.own = metrics.own
        self._wants = self.own.wants if self.own else ()
        self._backend, self._runs, self._metrics = backend, runs, metrics
        self._n, self._weighted = model.sizes[-1], weighted
        self._sums = runs.step_sums(self.own, weighted)

    def add(self, outputs: Array, block: Block, sums: EpochSums) -> None:
        """Add costs and what metrics need of a block of steps.

        Parameters
        ----------
        outputs : array, shape (steps, batch size, n_L)
            z of the output layer.
        block : Block
            Of so many steps.
        sums : EpochSums
        """
        backend = self._backend
        order = backend.from_host(block.order.reshape(-1), "int64")
        y = targets = backend.xp.take(block.y, order, axis=0)
        if block.targets is not block.y:
            targets = backend.xp.take(block.targets, order, axis=0)
        costs, weights, own = self._sums(outputs, y, targets)
        sums.add(costs, own, block.order.size)
        sums.weights = float(block.order.shape[1]) if weights is None else weights
        if self._metrics:
            z = rows_of_steps(backend, outputs)
            sums.outputs.append(backend.to_numpy(self._runs.activate((), z)))
            sums.targets.append(backend.to_numpy(targets))

    def join(self, sums: EpochSums) -> None:
        """Join on the device, without waiting for it, what `figures` will bring from there."""
        sums.join(("costs", *self._wants), self._backend)

    def figures(self, sums: EpochSums) -> list[float]:
        """The metrics of the epoch's mini-batches, the task's own first."""
        given = [sums.each(what, self._backend) for what in self._wants]
        own = [self.own.figure(*given)] if self.own else []
        if not self._metrics:
            return own
        blocks = map(np.concatenate, (sums.targets, sums.outputs))
        return [*own, *self._metrics.figures("train", *blocks)]

    def tally_of(self, blocks: int, samples: int) -> dict[str, tuple[tuple[int, ...], str]]:
        """Shape and kind of type of each of `EpochSums.FIELDS` but the costs and counts.

        Parameters
        ----------
        blocks, samples : int
            Of which `EpochSums.state` gives the sums.
        """
        backend, n, sums = self._backend, self._n, EpochSums()
        z = backend.from_host(np.zeros((1, 1, n)), backend.dtype)
        y = backend.from_host(np.zeros((1, n + self._weighted)), backend.dtype)
        with np.errstate(all="ignore"):
            self.add(z, Block(y, y, np.zeros((1, 1), np.int64), y[:, :n]), sums)
        found: dict[str, tuple[tuple[int, ...], str]] = {}
        for what, array in sums.state(backend).items():
            if what in ("outputs", "targets"):
                found[what] = (samples, n) if self._metrics else (0, 0), "f"
            elif what in ("sums", "moments"):
                shape = (blocks, *array.shape[1:]) if getattr(sums, what) else array.shape
                found[what] = shape, array.dtype.kind
        return found
