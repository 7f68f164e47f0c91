"""A run's training: up to the parameters of the epoch that it keeps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..data import Dataset
from ..network import Network
from ..optimizers import Optimizer
from ..training import Callback, DivergenceError, EarlyStopping, History, KeepBest, Snapshot
from .class_weights import class_weights
from .recipe import Settings

__all__ = ["BEST", "fit_network"]

BEST = "validation_cost"
"""The one figure that says which epoch is the best: lower is better.

On fourteen tables it chose epochs that did better on test rows than those that the validation
accuracy chose, which takes few values on few rows.
"""


def fit_network(
    net: Network,
    optimizer: Optimizer,
    data: Dataset,
    settings: Settings,
    *,
    callbacks: Iterable[Callback] = (),
    progress: bool | None = None,
    resume: Snapshot | None = None,
) -> tuple[History, DivergenceError | None]:
    """Train a network, which then has the parameters of the epoch that the run keeps.

    That is the best one, if the settings ask for it, else the last.

    Parameters
    ----------
    net : Network
    optimizer : Optimizer
    data : Dataset
    settings : dict
        Complete ones.
    callbacks : iterable of Callback, optional
    progress : bool, optional
    resume : Snapshot, optional

    Returns
    -------
    history : History
        ``best_epoch`` is the one whose parameters the network has, if it is the best.
    failure : DivergenceError or None
        Why it ended too early.

    Raises
    ------
    ValueError, TypeError
        As `Network.fit`, and then nothing has changed.
    """
    best = KeepBest(BEST, restore=False) if settings["best"] else None
    watching: list[Callback] = [] if best is None else [best]
    if settings["early_stopping"]:
        watching.append(EarlyStopping(BEST, settings["early_stopping"]))
    failure = None
    try:
        history = net.fit(
            *data.train,
            epochs=settings["epochs"],
            batch_size=settings["batch_size"],
            optimizer=optimizer,
            l2=settings["l2"],
            sample_weight=None if data.weights is None else data.weights[0],
            class_weight=class_weights(settings.get("class_weight"), data),
            validation=_validation(data),
            metrics=settings.get("metrics", ()),
            callbacks=[*watching, *callbacks],
            progress=progress,
            resume=resume,
            parallel=settings.get("parallel", "serial" if "blocks" in settings else None),
            blocks=settings.get("blocks", 4) or None,
        )
    except DivergenceError as error:
        history, failure = error.history, error
    if best is not None:
        best.restore()
    return history, failure


def _validation(data: Dataset) -> Any:
    """The samples that say which epoch is the best: all that count, whatever they weigh."""
    if data.validation is None or data.weights is None or data.weights[1] is None:
        return data.validation
    counting = data.weights[1] > 0
    if counting.all() or not counting.any():
        return data.validation
    x, y = data.validation
    return x[counting], y[counting]
