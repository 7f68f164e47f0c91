"""Fits that callbacks stop or change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpnet

from .digests import Found, judged
from .samples import data_of
from .training import PLAIN
from .ways import Way

__all__ = ["CALLBACKS"]


def _called(way: Way, *callbacks: bpnet.Callback, **changes: Any) -> Found:
    """A fit with callbacks."""
    data, net = data_of(), PLAIN.network(way)
    settings = PLAIN.settings(data, callbacks=callbacks, **{"epochs": 6, **changes})
    return judged(net, [net.fit(data.x, data.y, **settings)], data)


def early_stopping(way: Way) -> Found:
    """Stopped, and given the best parameters back."""
    stopping = bpnet.EarlyStopping("train_cost", patience=2, min_delta=0.5)
    return _called(way, stopping)


def keep_best(way: Way) -> Found:
    """The parameters of the epoch that is called best."""
    return _called(way, bpnet.KeepBest("train_cost", mode="max"))


def reduce_on_plateau(way: Way) -> Found:
    """A rate that is reduced every other epoch."""
    plateau = bpnet.ReduceOnPlateau(factor=0.3, patience=1, min_delta=9.0)
    return _called(way, plateau, optimizer=bpnet.Adam(0.01))


def halve_on_plateau(way: Way) -> Found:
    """A rate that is halved each epoch until it ends the fit."""
    return _called(way, bpnet.HalveOnPlateau("train_cost", patience=1, lowest=0.1, mode="max"))


def budget(way: Way) -> Found:
    """An epoch that is not completed."""
    return _called(way, bpnet.Budget(steps=20))


CALLBACKS: dict[str, Callable[[Way], Found]] = {
    "early stopping": early_stopping,
    "keep best": keep_best,
    "reduce on plateau": reduce_on_plateau,
    "halve on plateau": halve_on_plateau,
    "budget": budget,
}
