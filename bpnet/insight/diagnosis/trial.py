"""One training step, tried on a copy of the network."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..._lib.frozen import Frozen
from ...backends import Array
from ...network import Network
from ...training.divergence import DivergenceError
from ..recording import record

__all__ = ["TrialStep", "moved", "try_step"]


class TrialStep(Frozen):
    """What a step does.

    Parameters
    ----------
    optimizer : str
    updates : tuple of float
        Of each layer: length of the change of w, over that of w; inf if w was 0 and changed.
    before, after : float
        Mean cost of the step's own samples; inf after a step that diverged.
    scheduled : bool
        Whether the learning rate changes from step to step.
    """

    optimizer: str
    updates: tuple[float, ...]
    before: float
    after: float
    scheduled: bool

    def to_dict(self) -> dict[str, Any]:
        """The fields, by name."""
        return {name: getattr(self, name) for name in self.fields}


def try_step(net: Network, x: Array, y: Array, optimizer: Any) -> TrialStep:
    """Do a step of `Network.step` on a copy; samples and targets as `check_samples` gives them.

    An optimizer of the same kind as the last goes on with its memory.
    """
    copy = net.copy()
    before = float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they tell is among the findings
        try:
            before = copy.step(x, y, optimizer=optimizer)
            after = _cost(copy, x, y)
        except DivergenceError:
            after = math.inf
    rate = getattr(optimizer, "learning_rate", None)
    updates = tuple(moved(net, net.state.theta, copy.state.theta))
    name = f"{type(optimizer).__name__}(learning_rate={rate if callable(rate) else f'{rate:g}'})"
    return TrialStep(name, updates, before, after, callable(rate))


def moved(net: Network, before: Array, after: Array) -> list[float]:
    """Of each layer: length of the difference of both w, over that of the first."""
    split, host = net.model.layout.split, net.backend.to_numpy
    old, new = (split(host(theta).astype(np.float64), np)[0] for theta in (before, after))
    found = []
    for w, v in zip(old, new, strict=True):
        change, size = float(np.linalg.norm(v - w)), float(np.linalg.norm(w))
        found.append(change / size if size else math.inf if change else 0.0)
    return found


def _cost(net: Network, x: Array, y: Array) -> float:
    xp = net.backend.xp
    with net.backend.scope():
        costs = record(net.model, xp, net.state.theta, x, y).costs
        found = float(np.mean(net.backend.to_numpy(costs), dtype=np.float64))
    return found if math.isfinite(found) else math.inf
