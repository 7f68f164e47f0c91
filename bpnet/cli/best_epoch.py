"""The epoch that did best on the validation samples, and its parameters."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

from ..training import Callback, Fit

__all__ = ["BestEpoch"]


class BestEpoch(Callback):
    """Keep the parameters of the epoch in which a metric was highest, the first of equals.

    Parameters
    ----------
    monitor : str
        A column of the history, where it is to rise.

    Attributes
    ----------
    epoch : int or None
    figure : float
        The metric in that epoch.
    """

    def __init__(self, monitor: str) -> None:
        self.monitor = monitor
        self.epoch: int | None = None
        self.figure = -math.inf

    def on_fit_begin(self, fit: Fit) -> None:
        """Remember whose parameters they are."""
        self._fit = fit

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        """Look whether this epoch is better."""
        if row[self.monitor] > self.figure:
            self.epoch, self.figure = row["epoch"], row[self.monitor]
            self._kept = fit.parameters()

    def restore(self) -> None:
        """Give the network the best epoch's parameters, and mark the epoch in the history."""
        if self.epoch is not None:
            self._fit.restore(self._kept)
            self._fit.history.best_epoch = self.epoch

    @contextlib.contextmanager
    def restored(self) -> Iterator[None]:
        """While entered, the network has the best epoch's parameters."""
        last = self._fit.parameters()
        self._fit.restore(self._kept)
        try:
            yield
        finally:
            self._fit.restore(last)
