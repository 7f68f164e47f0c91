"""Costs and metrics of a network over samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..backends import Array
from ..metrics import Metric
from .step import StepConfig
from .tally import R2, Accuracy, EpochSums

if TYPE_CHECKING:
    from ..network import Network

__all__ = ["costs_of", "evaluate", "metric_of"]

# Activations of one pass of an evaluation: some megabytes.
_CHUNK = 2**21


def evaluate(
    net: Network, samples: Iterable[tuple[Array, Array]], metrics: Sequence[Metric] = ()
) -> list[float]:
    """Mean cost, accuracy or R^2, and metrics, over samples that are on the device.

    Parameters
    ----------
    net : Network
    samples : iterable of (x, y)
        Arrays of shape (m, n_0) and (m, n_L).
    metrics : sequence of Metric, optional

    Returns
    -------
    list of float
    """
    xp, own, last = net.backend.xp, metric_of(net), net._sigma[-1]
    to_numpy, forward, state = net.backend.to_numpy, net._forward(), (net._theta, net._running)
    rows = max(1, _CHUNK // max(net.sizes))
    tally, outputs = EpochSums(), []
    for x, y in samples:
        y = y[:, : net.sizes[-1]]
        for start in range(0, x.shape[0], rows):
            stop = min(start + rows, x.shape[0])
            part = y[start:stop, :]
            z = forward(state, x[start:stop, :])
            tally.costs.append(xp.reshape(xp.sum(net.cost.of_output(last, z, part, xp)), (1,)))
            tally.sums.append(own.sums(z, last, part, xp))
            if "moments" in own.wants:
                tally.moments.append(own.moments(part, xp))
            tally.counts.append(stop - start)
            if metrics:
                outputs.append([to_numpy(one) for one in (part, last.value(z, xp))])
    each = {what: tally.each(what, net.backend) for what in ("costs", "counts", *own.wants)}
    given = [np.concatenate(blocks).astype(np.float64) for blocks in zip(*outputs, strict=True)]
    cost = float(each["costs"].sum() / each["counts"].sum())
    return [cost, own.figure(*(each[w] for w in own.wants)), *(one(*given) for one in metrics)]


def costs_of(net: Network, recipe: StepConfig, z: Array, y: Array) -> Array:
    """Cost of each sample of outputs z, shape (m,), as often as it counts."""
    xp, last, (m, n) = net.backend.xp, net._sigma[-1], z.shape
    rows = max(1, (net.backend.entries_per_pass or m * n) // n)
    parts = [slice(start, start + rows) for start in range(0, m, rows)]
    costs = [net.cost.of_output(last, z[part, :], y[part, :n], xp) for part in parts]
    cost = costs[0] if len(costs) == 1 else xp.concat(costs)
    return cost * y[:, -1] if recipe.weighted else cost


def metric_of(net: Network) -> Accuracy | R2:
    """The metric that a history always has."""
    return Accuracy() if net.task == "classification" else R2()
