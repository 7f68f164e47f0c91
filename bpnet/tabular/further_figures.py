"""The metrics that were asked for, on some samples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..data import Dataset
from ..metrics import get_all
from ..network import Network

__all__ = ["further_figures"]


def further_figures(
    net: Network, data: Dataset, x: Any, y: Any, metrics: Iterable[Any]
) -> dict[str, float]:
    """Each metric by name; NaN where it is not defined.

    In regression they are in the target's own unit, as users think of it.
    """
    chosen = get_all(metrics)
    if not chosen:
        return {}
    a = net.backend.to_numpy(net.feedforward(x))
    if net.task == "regression" and data.preprocessing is not None:
        y, a = (data.preprocessing.inverse_target(values) for values in (y, a))
    figures = {}
    for metric in chosen:
        try:
            figures[metric.name] = metric.for_task(net.task)(y, a)
        except (ValueError, ArithmeticError):
            figures[metric.name] = float("nan")
    return figures
