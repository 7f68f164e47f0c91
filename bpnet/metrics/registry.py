"""Metrics as users give them: names, functions or objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._lib.registry import made
from .._lib.wording import described
from .base import Metric

__all__ = ["get", "get_all"]


def get(metric: Any) -> Metric:
    """The metric of that name, of that function, or the argument if it is one.

    Parameters
    ----------
    metric : str, Metric or callable
        A name: ``"accuracy"``, ``"balanced_accuracy"``, ``"f1"`` (``"f1_micro"``,
        ``"f1_weighted"``, ``"f1_binary"``), ``"auc"``, ``"log_loss"``, ``"top_5_accuracy"`` (or
        with another number), ``"r2"``, ``"mae"``, ``"mse"``, ``"rmse"``, or an alias such as
        ``"acc"`` or ``"roc_auc"``. Or a function ``f(y, a) -> float``, which gets its own name:
        see `CustomMetric`.

    Returns
    -------
    Metric

    Raises
    ------
    ValueError
        If there is none of that name, or a function has no name.
    TypeError
        If it is none of these.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.get("top_3_accuracy")
    TopKAccuracy(k=3)
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, type) and issubclass(metric, Metric):
        return made(metric, "a metric")
    if isinstance(metric, str):
        from .names import by_name  # the metrics are imported when one is named

        return by_name(metric)
    if not callable(metric):
        raise TypeError(f"a metric must be a name or a function of (y, a), not {metric!r}")
    from .custom import CustomMetric

    return CustomMetric(metric)


def get_all(metrics: Iterable[Any]) -> tuple[Metric, ...]:
    """Several metrics, whose names must differ.

    Parameters
    ----------
    metrics : iterable of str, Metric or callable
        Or a single one.

    Returns
    -------
    tuple of Metric

    Raises
    ------
    ValueError, TypeError
        As `get`; also if two have the same name.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.metrics.get_all(["mae", "rmse"])
    (MAE(), RMSE())
    """
    single = isinstance(metrics, str | Metric) or callable(metrics)
    if not single and not isinstance(metrics, Iterable):
        raise TypeError(f"metrics must be a list of names or functions, not {described(metrics)}")
    chosen = tuple(get(one) for one in ([metrics] if single else metrics))
    names = [one.name for one in chosen]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{names.count(name)} of the metrics are called {name!r}")
    return chosen
