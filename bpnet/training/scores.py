"""What scores a model's outputs: the cost of each sample, and the metric of its task."""

from __future__ import annotations

import functools
from typing import Any

from ..backends import Array
from ..metrics.accuracy import Accuracy
from ..metrics.r2 import R2
from ..model import Model

__all__ = ["costs_of", "task_metric"]


@functools.cache
def task_metric(task: str) -> Accuracy | R2:
    """The metric that a history has unless it is to have costs alone."""
    return R2() if task == "regression" else Accuracy(multilabel=task == "multilabel")


def costs_of(
    model: Model, xp: Any, z: Array, y: Array, *, weighted: bool, entries: int | None = None
) -> Array:
    """Cost of each sample, shape (m,), times its weight.

    Parameters
    ----------
    model : Model
    xp : namespace
    z : array, shape (m, n_L)
        Weighted inputs of the output layer.
    y : array, shape (m, n_L), or (m, n_L + 1)
        Targets; with ``weighted`` the last column holds the weights.
    weighted : bool
    entries : int or None
        Entries of z per pass; None for all at once.
    """
    m, n = z.shape
    rows = max(1, (entries or m * n) // n)
    targets = y[:, :n] if weighted else y
    if m <= rows:
        cost = model.cost.of_output(model.output, z, targets, xp)
    else:
        parts = [slice(start, start + rows) for start in range(0, m, rows)]
        given = ((z[part, :], targets[part, :]) for part in parts)
        cost = xp.concat([model.cost.of_output(model.output, *pair, xp) for pair in given])
    return cost * y[:, -1] if weighted else cost
