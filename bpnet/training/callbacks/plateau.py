"""Learning rates that fall where a column of the history no longer improves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._lib.constraints import Integer, Number
from ..._lib.records import Record
from .base import Callback
from .monitor import BEST, Monitor

if TYPE_CHECKING:
    from ..fit import Fit

__all__ = ["HalveOnPlateau", "ReduceOnPlateau"]

_REDUCES = Record({"best": BEST, "waited": Integer(0), "cooling": Integer(0)})
_HALVES = Record({"best": BEST, "waited": Integer(0), "share": Number(0.0, 1.0, closed="both")})


class ReduceOnPlateau(Callback):
    """Multiply the learning rate by a factor when a column no longer improves.

    Parameters
    ----------
    monitor : str, optional
        A column of the history.
    factor : float, optional
        Greater than 0 and less than 1.
    patience : int, optional
        Epochs without improvement to wait through; the next one reduces the rate.
    min_rate : float, optional
        Below which the rate is not reduced. Where the optimizer has a schedule, it is the rate at
        the moment of the reduction.
    cooldown : int, optional
        Epochs after a reduction that are not counted.
    min_delta : float, optional
        What counts as an improvement: more than this.
    mode : {"min", "max"}, optional
        Whether the column is to fall or to rise; by default costs, and metrics of which lower is
        better, are to fall.

    Raises
    ------
    ValueError
        If a setting is out of range; from ``fit``, if there is no such column.

    References
    ----------
    PyTorch's ``ReduceLROnPlateau`` with ``threshold_mode="abs"``, which it follows step by step.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([1, 1], activations=["identity"], seed=0)
    >>> class Tell(bpnet.Callback):
    ...     def on_epoch_end(self, fit, row):
    ...         print(fit.rate_factor, end=" ")
    >>> reduce = bpnet.ReduceOnPlateau("train_cost", factor=0.5, patience=1, min_delta=99.0)
    >>> history = net.fit([[1.0]], [[2.0]], epochs=5, batch_size=1, callbacks=[reduce, Tell()])
    1.0 1.0 0.5 0.5 0.25
    """

    def __init__(
        self,
        monitor: str = "validation_cost",
        factor: float = 0.1,
        patience: int = 10,
        min_rate: float = 0.0,
        cooldown: int = 0,
        min_delta: float = 1e-4,
        mode: str | None = None,
    ) -> None:
        self.factor = Number(0.0, 1.0, closed="neither")("factor", factor)
        self.patience = Integer(0)("patience", patience)
        self.min_rate = Number(0.0)("min_rate", min_rate)
        self.cooldown = Integer(0)("cooldown", cooldown)
        self._monitor = Monitor("ReduceOnPlateau", monitor, mode, min_delta)

    def on_fit_begin(self, fit: Fit) -> None:
        self._monitor.begin(fit)
        self._waited = self._cooling = 0

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        self._waited = 0 if self._monitor.improves(row) else self._waited + 1
        if self._cooling:
            self._cooling, self._waited = self._cooling - 1, 0
        if self._waited > self.patience:
            self._reduce(fit)
            self._waited, self._cooling = 0, self.cooldown

    def _reduce(self, fit: Fit) -> None:
        reduced = fit.rate_factor * self.factor
        if self.min_rate:
            rate = fit.learning_rate_at(fit.steps_done)
            reduced = max(reduced, self.min_rate / rate if rate else 0.0)
        fit.rate_factor = min(fit.rate_factor, reduced)

    def compared_settings(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("factor", "patience", "min_rate", "cooldown")}
        return {**self._monitor.compared_settings(), **own}

    def state(self) -> dict[str, Any]:
        return {"best": self._monitor.best, "waited": self._waited, "cooling": self._cooling}

    def set_state(self, state: dict[str, Any]) -> None:
        state = _REDUCES("", state)
        self._monitor.best = state["best"]
        self._waited, self._cooling = state["waited"], state["cooling"]


class HalveOnPlateau(Callback):
    """The book's schedule: halve the rate when nothing improves in n epochs, and stop at 1/128.

    Parameters
    ----------
    monitor : str, optional
        A column of the history.
    patience : int, optional
        n, the epochs without improvement after which to halve.
    lowest : float, optional
        When the rate has dropped to this, in units of what it was, the fit ends, with
        ``history.stopped == "plateau"``; 1/128 is reached by the seventh halving.
    mode : {"min", "max"}, optional
        Whether the column is to fall or to rise; by default costs, and metrics of which lower is
        better, are to fall.

    Raises
    ------
    ValueError
        If a setting is out of range; from ``fit``, if there is no such column.

    References
    ----------
    Nielsen, Neural Networks and Deep Learning, ch. 3, "How to choose a neural network's
    hyper-parameters?", the problem on learning rate schedules.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([1, 1], activations=["identity"], seed=0)
    >>> halve = bpnet.HalveOnPlateau("train_cost", patience=2, mode="max")
    >>> history = net.fit([[1.0]], [[2.0]], epochs=99, batch_size=1, callbacks=[halve])
    >>> history.stopped, len(history)
    ('plateau', 15)
    """

    def __init__(
        self,
        monitor: str = "validation_accuracy",
        patience: int = 10,
        lowest: float = 1 / 128,
        mode: str | None = None,
    ) -> None:
        self.patience = Integer(1)("patience", patience)
        self.lowest = Number(0.0, 1.0, closed="neither")("lowest", lowest)
        self._monitor = Monitor("HalveOnPlateau", monitor, mode, 0.0)

    def on_fit_begin(self, fit: Fit) -> None:
        self._monitor.begin(fit)
        self._waited, self._share = 0, 1.0

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        self._waited = 0 if self._monitor.improves(row) else self._waited + 1
        if self._waited < self.patience:
            return
        self._waited = 0
        self._share *= 0.5
        fit.rate_factor *= 0.5
        if self._share <= self.lowest:
            fit.stop("plateau")

    def compared_settings(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("patience", "lowest")}
        return {**self._monitor.compared_settings(), **own}

    def state(self) -> dict[str, Any]:
        return {"best": self._monitor.best, "waited": self._waited, "share": self._share}

    def set_state(self, state: dict[str, Any]) -> None:
        state = _HALVES("", state)
        self._monitor.best = state["best"]
        self._waited, self._share = state["waited"], state["share"]
