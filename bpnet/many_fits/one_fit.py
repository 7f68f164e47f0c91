"""One of many fits, or a part of its epochs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..network import Network
from ..training import Callback, Fit, History, Snapshot
from ..training.scores import task_metric
from .callbacks import Callbacks, callbacks_for
from .folds import Fold
from .samples import rows_of
from .which import Which

__all__ = ["Outcome", "Work", "train"]


class Work(NamedTuple):
    """What all fits have in common.

    Parameters
    ----------
    x, y : array
        On the host where there are folds.
    folds : sequence of Fold, or None
    settings : mapping
        Of `Network.fit`, but those that differ from fit to fit.
    callbacks : list or callable
    """

    x: Any
    y: Any
    folds: Sequence[Fold] | None
    settings: Mapping[str, Any]
    callbacks: Callbacks


class Outcome(NamedTuple):
    """What one fit came to."""

    net: Network
    history: History
    callbacks: list[Callback]
    score: float


def train(
    work: Work,
    which: Which,
    net: Network,
    *,
    tell: Callable[[int], None],
    stopped: Callable[[], bool] = lambda: False,
    until: int | None = None,
    snapshot: Snapshot | None = None,
) -> Outcome | Snapshot:
    """Train one network.

    Parameters
    ----------
    work : Work
    which : Which
    net : Network
        Trained, unless the fit is paused.
    tell : callable
        ``tell(epochs)`` after each.
    stopped : callable, optional
        Asked after each block of steps.
    until : int, optional
        The epoch after which to pause: then a snapshot is returned.
    snapshot : Snapshot, optional
        Where an earlier part paused.

    Raises
    ------
    ValueError, TypeError, DivergenceError
        As `Network.fit`.
    """
    x, y, settings = work.x, work.y, dict(work.settings)
    scored = settings["validation"]
    if which.fold is not None:
        fold = (work.folds or ())[which.fold]
        scored = rows_of(x, fold.held_out), rows_of(y, fold.held_out)
        x, y = rows_of(x, fold.train), rows_of(y, fold.train)
        settings["sample_weight"] = rows_of(settings["sample_weight"], fold.train)
        if settings["validation"] is None:
            settings["validation"] = scored
    callbacks, watch = callbacks_for(work.callbacks, which), _Watch(tell, stopped, until)
    history = net.fit(
        x, y, **settings, callbacks=[*callbacks, watch], progress=False, resume=snapshot
    )
    if watch.snapshot is not None:
        return watch.snapshot
    pair = isinstance(scored, tuple | list)
    score = net.score(*scored) if pair else _last_figure(net, history)
    return Outcome(net, history, callbacks, score)


def _last_figure(net: Network, history: History) -> float:
    """The metric of the task in the epoch whose parameters the network has."""
    name, rows = task_metric(net.task).name, history.rows
    if not rows:
        return math.nan
    row = next((one for one in rows if one["epoch"] == history.best_epoch), rows[-1])
    return float(row.get(f"validation_{name}", row.get(f"train_{name}", math.nan)))


class _Watch(Callback):
    """Tells how far the fit is, and ends or pauses it."""

    last = True  # what the other callbacks made of an epoch is part of a snapshot

    def __init__(
        self, tell: Callable[[int], None], stopped: Callable[[], bool], until: int | None
    ) -> None:
        self._tell, self._stopped, self._until = tell, stopped, until
        self.snapshot: Snapshot | None = None

    def on_steps(self, fit: Fit, steps: int) -> None:
        if self._stopped():
            fit.stop("interrupted", now=True)

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        self._tell(len(fit.history))
        if self._until == len(fit.history) < fit.epochs and fit.history.stopped == "completed":
            self.snapshot = fit.snapshot()
            fit.stop("paused", now=True)
