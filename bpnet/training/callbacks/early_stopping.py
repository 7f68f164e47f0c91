"""Stop when a column no longer improves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._lib.constraints import Integer
from ..._lib.records import Record
from .base import Callback
from .monitor import BEST, Monitor

if TYPE_CHECKING:
    from ..fit import Fit

__all__ = ["EarlyStopping"]

_STATE = Record({"best": BEST, "waited": Integer(0), "epoch": Integer(1, optional=True)})


class EarlyStopping(Callback):
    """Stop when a column of the history no longer improves, and restore the best parameters.

    Parameters
    ----------
    monitor : str, optional
        A column.
    patience : int, optional
        Epochs without improvement after which to stop.
    min_delta : float, optional
        What counts as an improvement: more than this.
    mode : {"min", "max"}, optional
        Whether the column is to fall or to rise; by default costs, and metrics of which lower is
        better, are to fall.

    Raises
    ------
    ValueError
        If ``patience`` is below 1, ``min_delta`` negative or ``mode`` unknown; from ``fit``, if
        there is no such column.

    Notes
    -----
    With the parameters, the moving average and the optimizer go back to the best epoch. A training
    column is evaluated after each epoch, as with ``evaluate_training=True``: the mean over an epoch
    does not describe the parameters at its end. After Ctrl-C the network keeps the parameters of
    that moment.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([1, 2, 1], activations="identity", seed=0)
    >>> stopping = bpnet.EarlyStopping("train_cost", patience=1, min_delta=10.0)
    >>> history = net.fit([[0.0], [1.0]], [[0.0], [1.0]], epochs=9, batch_size=2,
    ...                   callbacks=[stopping])
    >>> history.stopped, len(history), history.best_epoch
    ('early', 2, 1)
    """

    per_fit = ("_fit", "_kept")

    def __init__(
        self,
        monitor: str = "validation_cost",
        patience: int = 10,
        min_delta: float = 0.0,
        mode: str | None = None,
    ) -> None:
        self.patience = Integer(1)("patience", patience)
        self._monitor = Monitor("EarlyStopping", monitor, mode, min_delta)

    def on_fit_begin(self, fit: Fit) -> None:
        self._monitor.begin(fit, keeps=True)
        self._fit, self._waited = fit, 0
        self._kept: tuple[int, Any] | None = None

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        if self._monitor.improves(row):
            self._kept, self._waited = (row["epoch"], fit.parameters()), 0
            return
        self._waited += 1
        if self._waited >= self.patience:
            fit.stop("early")

    def on_fit_end(self, fit: Fit) -> None:
        if self._kept is not None and fit.history.stopped != "interrupted":
            fit.history.best_epoch, best = self._kept
            fit.restore(best)

    def compared_settings(self) -> dict[str, Any]:
        return {**self._monitor.compared_settings(), "patience": self.patience}

    def state(self) -> dict[str, Any]:
        epoch, kept = self._kept or (None, None)
        return {
            "best": self._monitor.best,
            "waited": self._waited,
            "epoch": epoch,
            "parameters": None if epoch is None else self._fit.to_host(kept),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        state = _STATE("", state)
        self._monitor.best, self._waited = state["best"], state["waited"]
        if state["epoch"] is not None:
            self._kept = state["epoch"], self._fit.from_host(state["parameters"])
