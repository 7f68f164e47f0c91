"""The metrics of a fit, as columns of its history."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np

from ..backends import Array, Backend
from ..metrics.accuracy import Accuracy
from ..metrics.base import Metric, Rows
from ..metrics.r2 import R2

__all__ = ["MetricColumns", "try_metrics"]


class MetricColumns:
    """Computes the metrics of each epoch; one that is not defined is NaN, and the fit goes on.

    Parameters
    ----------
    metrics : iterable of Metric
    own : Accuracy, R2 or None
        The task's own, which is computed from sums on the device; None for no column of it.

    Attributes
    ----------
    metrics : tuple of Metric
    own : Accuracy, R2 or None
    names : tuple of str
        Of all columns but the cost's.
    """

    def __init__(self, metrics: Iterable[Metric], own: Accuracy | R2 | None) -> None:
        self.metrics, self.own = tuple(metrics), own
        self.names = tuple(one.name for one in (own, *self.metrics) if one is not None)
        self._told: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self.metrics)

    def own_alone(self) -> MetricColumns:
        """The task's own without the others."""
        return MetricColumns((), self.own)

    def falls(self, name: str) -> bool:
        """Whether lower is better, of the metric of that name."""
        return any(one.name == name and one.lower_is_better for one in self.metrics)

    def figures(self, part: str, y: Rows, a: Rows) -> list[float]:
        """The figure of each metric.

        Parameters
        ----------
        part : {"train", "validation"}
        y, a : numpy.ndarray, shape (m, n_L)
            Targets as the user gave them; outputs, of which some may not be finite.

        Warns
        -----
        UserWarning
            If a metric raises for these outputs, once for each column.
        """
        return [self._figure(one, f"{part}_{one.name}", y, a) for one in self.metrics]

    def _figure(self, metric: Metric, column: str, y: Rows, a: Rows) -> float:
        if np.isnan(a).any():
            return float("nan")
        try:
            with np.errstate(all="ignore"):  # of infinite outputs a figure is infinite, or NaN
                return metric.of_outputs(y, a)
        except (ValueError, ArithmeticError) as error:
            if column not in self._told:
                self._told.add(column)
                warnings.warn(
                    f"{column} is nan where the metric is not defined, and training goes on: "
                    f"{error}",
                    stacklevel=2,
                )
            return float("nan")


def try_metrics(metrics: Iterable[Metric], backend: Backend, **targets: Array | None) -> None:
    """Raise what a metric raises for targets, whatever the outputs, before anything is trained.

    Parameters
    ----------
    metrics : iterable of Metric
    backend : Backend
    **targets : array, shape (m, n_L), or None
        By what messages call them: ``training``, ``validation``.
    """
    metrics = tuple(metrics)
    given = [(part, rows) for part, rows in targets.items() if metrics and rows is not None]
    on_host = [(part, backend.to_numpy(rows)) for part, rows in given]
    for metric in metrics:
        for part, rows in on_host:
            _try(metric, part, rows)


def _try(metric: Metric, part: str, y: Rows) -> None:
    try:
        try:
            metric.of_outputs(y, y)
        except Exception:  # of outputs that are all right it may be infinite, as 1 / error
            metric.of_outputs(y, (0.5 * y + 0.25).astype(y.dtype))
    except Exception as error:
        told = f"the metric {metric.name} is not defined for the {part} targets"
        if type(error) is not ValueError:
            error.add_note(told)
            raise
        raise ValueError(
            f"{told}: {error}. Leave it out of metrics, or give other {part} samples"
        ) from error
