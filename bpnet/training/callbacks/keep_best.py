"""The parameters of the best epoch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..._lib.constraints import Integer
from ..._lib.records import Record
from .base import Callback
from .monitor import BEST, Monitor

if TYPE_CHECKING:
    from ..fit import Fit

__all__ = ["KeepBest"]

_STATE = Record({"best": BEST, "epoch": Integer(1, optional=True)})


class KeepBest(Callback):
    """Train to the end, and give the network the parameters of its best epoch then.

    Parameters
    ----------
    monitor : str, optional
        A column of the history.
    mode : {"min", "max"}, optional
        Whether it is to fall or to rise; by default costs, and metrics of which lower is better,
        are to fall.
    restore : bool, optional
        If not, the network keeps its last parameters, and `restore` or `restored` is left to the
        caller.

    Attributes
    ----------
    epoch : int or None
        The best, the first of equals.
    figure : float or None
        What the column said then.

    Raises
    ------
    ValueError
        If the mode is unknown; from ``fit``, if there is no such column.

    Notes
    -----
    With the parameters, the moving average and the optimizer go back to the best epoch. A training
    column is evaluated after each epoch, as with ``evaluate_training=True``: the mean over an epoch
    does not describe the parameters at its end. After Ctrl-C the network keeps the parameters of
    that moment.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([1, 1], activations=["identity"], seed=0)
    >>> best = bpnet.KeepBest("train_cost", mode="max")
    >>> history = net.fit([[1.0]], [[2.0]], epochs=5, batch_size=1, callbacks=[best])
    >>> len(history), history.best_epoch, best.figure == history["train_cost"][0]
    (5, 1, True)
    """

    per_fit = ("_fit", "_kept", "epoch")

    epoch: int | None = None

    def __init__(
        self, monitor: str = "validation_cost", mode: str | None = None, restore: bool = True
    ) -> None:
        self._monitor = Monitor("KeepBest", monitor, mode, 0.0)
        self._restores = restore

    @property
    def figure(self) -> float | None:
        """The value of the column in the best epoch."""
        return self._monitor.best

    def on_fit_begin(self, fit: Fit) -> None:
        self._monitor.begin(fit, keeps=True)
        self._fit, self.epoch, self._kept = fit, None, None

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        if self._monitor.improves(row):
            self.epoch, self._kept = row["epoch"], fit.parameters()

    def on_fit_end(self, fit: Fit) -> None:
        if self._restores and fit.history.stopped != "interrupted":
            self.restore()

    def restore(self) -> None:
        """Give the network the best epoch's parameters, and mark the epoch in the history."""
        if self.epoch is not None:
            with self._fit.backend.scope():
                self._fit.restore(self._kept)
            self._fit.history.best_epoch = self.epoch

    @contextlib.contextmanager
    def restored(self) -> Iterator[None]:
        """While entered, the network has the best epoch's parameters."""
        backend = self._fit.backend
        with backend.scope():
            last = self._fit.parameters()
            if self.epoch is not None:
                self._fit.restore(self._kept)
        try:
            yield
        finally:
            with backend.scope():
                self._fit.restore(last)

    def compared_settings(self) -> dict[str, Any]:
        return self._monitor.compared_settings()

    def state(self) -> dict[str, Any]:
        kept = None if self.epoch is None else self._fit.to_host(self._kept)
        return {"best": self._monitor.best, "epoch": self.epoch, "parameters": kept}

    def set_state(self, state: dict[str, Any]) -> None:
        state = _STATE("", state)
        if state["epoch"] is not None:
            self._kept = self._fit.from_host(state["parameters"])
        self._monitor.best, self.epoch = state["best"], state["epoch"]
