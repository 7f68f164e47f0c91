"""What an epoch adds up: costs and sums on the device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..backends import Array, Backend

__all__ = ["EpochSums"]


class EpochSums:
    """Costs and sums of an epoch, one entry per block of steps.

    Attributes
    ----------
    steps : int
        Done in this epoch.
    weights : array, shape (steps,), float or None
        Of the samples of each mini-batch of the latest block, together; None before the first.
    seconds : float
        Duration of the epoch before it was interrupted and resumed.
    """

    FIELDS = ("costs", "sums", "moments", "counts", "outputs", "targets")

    def __init__(self) -> None:
        self.steps = 0
        self.weights: Any = None
        self.seconds = 0.0
        self.costs: list[Array] = []
        self.sums: list[Array] = []
        self.moments: list[Array] = []
        self.counts: list[int] = []
        self.outputs: list[Any] = []
        self.targets: list[Any] = []
        self._joined: dict[str, Array] = {}

    def add(self, costs: Array, block: tuple[Array, ...], count: int) -> None:
        """Add a block of ``count`` samples: its costs, and what the task's metric sums up."""
        self.costs.append(costs)
        self.counts.append(count)
        for sums, own in zip((self.sums, self.moments), block, strict=False):
            sums.append(own)

    def latest_means(self, backend: Backend) -> np.ndarray[Any, Any]:
        """Mean cost of each mini-batch of the latest block; NaN of one without weight.

        Raises
        ------
        RuntimeError
            Before the first block.
        """
        if self.weights is None:
            raise RuntimeError(
                "no block of steps was done since the last epoch: ask in on_steps of a callback"
            )
        costs, weights = backend.to_numpy(self.costs[-1]), self.weights
        if not isinstance(weights, float):
            weights = backend.to_numpy(weights)
        with np.errstate(invalid="ignore"):
            found: np.ndarray[Any, Any] = costs.astype(np.float64) / weights
        return found

    def join(self, wanted: Iterable[str], backend: Backend) -> None:
        """Join on the device, without waiting for it, what `each` will bring from there."""
        for what in wanted:
            if what != "counts":
                join = backend.xp.concat if what == "costs" else backend.xp.stack
                self._joined[what] = join(getattr(self, what))

    def each(self, what: str, backend: Backend) -> np.ndarray[Any, Any]:
        """The entries of all blocks as float64, one after another or stacked."""
        if what == "counts":
            return np.asarray(self.counts, dtype=np.float64)
        if what not in self._joined:
            self.join([what], backend)
        found: np.ndarray[Any, Any] = backend.to_numpy(self._joined.pop(what)).astype(np.float64)
        return found

    def state(self, backend: Backend) -> dict[str, np.ndarray[Any, Any]]:
        """Everything in NumPy arrays of the device's own type, for `restored`."""
        found = {}
        for what in self.FIELDS:
            blocks = getattr(self, what)
            if what in ("outputs", "targets"):
                found[what] = np.concatenate(blocks) if blocks else np.zeros((0, 0))
            elif what == "counts":
                found[what] = np.asarray(blocks, dtype=np.int64)
            else:
                parts = [backend.to_numpy(one) for one in blocks]
                join = np.concatenate if what == "costs" else np.stack
                found[what] = join(parts) if parts else np.zeros((0,))
        return found

    @classmethod
    def restored(cls, state: Mapping[str, np.ndarray[Any, Any]], backend: Backend) -> EpochSums:
        """The sums that `state` gave, on the device again."""
        sums = cls()

        def moved(array: np.ndarray[Any, Any]) -> Array:
            return backend.from_host(array, array.dtype.name)

        sums.counts = state["counts"].tolist()
        sums.costs = [moved(state["costs"])]
        sums.sums = [moved(one) for one in state["sums"]]
        sums.moments = [moved(one) for one in state["moments"]]
        if state["outputs"].size:
            sums.outputs, sums.targets = [state["outputs"]], [state["targets"]]
        sums.steps = len(state["costs"])
        return sums
