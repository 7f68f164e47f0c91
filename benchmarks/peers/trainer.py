"""What every peer is made into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cases import Arrays

__all__ = ["AbsentError", "Trainer"]


class AbsentError(ImportError):
    """A peer that cannot be measured here; the message says why."""


@dataclass
class Trainer:
    """A peer, ready to train.

    Parameters
    ----------
    follow : callable
        ``follow(order)`` trains on the mini-batches whose rows ``order`` lists, shape
        (steps, batch), and returns when all is done.
    parameters : callable, optional
        Weights, (n_l, n_{l-1}) each, then biases; None for what trains nothing.
    epochs : callable, optional
        ``epochs(count)`` trains so many epochs in the peer's own order, and returns the seconds of
        each; for a peer that owns its loop.
    whole : bool, optional
        `follow` is at its best with a whole epoch at once.
    holds : object, optional
        What must be there while it trains, as the arrays of a CUDA graph, which holds none.
    """

    follow: Callable[[np.ndarray], None]
    parameters: Callable[[], Arrays] | None = None
    epochs: Callable[[int], list[float]] | None = None
    whole: bool = False
    holds: Any = None
