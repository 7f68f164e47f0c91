"""What an epoch adds up: costs and sums on the device, figures on the host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..activations import Activation
from ..backends import Array

__all__ = ["R2", "Accuracy", "EpochSums", "classes"]


def classes(z: Array, sigma: Activation, xp: Any) -> Array:
    """Class index of each row of weighted inputs of the output layer, shape (m,).

    That of the largest output; with one output, whether it exceeds a half.
    """
    if z.shape[1] == 1:
        a = sigma.value(z, xp)
        return xp.argmax(_with_half(a, xp), axis=1)
    return xp.argmax(z if sigma.increasing else sigma.value(z, xp), axis=1)


def _with_half(a: Array, xp: Any) -> Array:
    """A column of halves before ``a``: of equal entries the first is taken."""
    return xp.concat([xp.full_like(a, 0.5), a], axis=1)


class Accuracy:
    """Share of samples whose class is right."""

    name = "accuracy"
    wants = ("sums", "counts")
    """What `figure` takes of a `EpochSums`."""

    def sums(self, z: Array, sigma: Activation, y: Array, xp: Any) -> Array:
        """How many are right, shape ()."""
        right = xp.argmax(_with_half(y, xp) if y.shape[1] == 1 else y, axis=1)
        return xp.sum(xp.astype(classes(z, sigma, xp) == right, xp.int32))

    def moments(self, y: Array, xp: Any) -> Array:
        """Nothing that it wants."""
        return None

    def figure(self, sums: Any, counts: Any) -> float:
        """From what `sums` gave for blocks of so many samples to the figure."""
        return float(np.sum(sums) / np.sum(counts))


class R2:
    """Coefficient of determination, the mean over the outputs."""

    name = "r2"
    wants = ("sums", "moments", "counts")

    def sums(self, z: Array, sigma: Activation, y: Array, xp: Any) -> Array:
        """Squared distances, shape (n_L,)."""
        return xp.sum((sigma.value(z, xp) - y) ** 2, axis=0)

    def moments(self, y: Array, xp: Any) -> Array:
        """Mean, squared distance from it, least and largest target, shape (4, n_L)."""
        mean = xp.mean(y, axis=0, keepdims=True)
        spread = xp.sum((y - mean) ** 2, axis=0)
        return xp.stack([mean[0, :], spread, xp.min(y, axis=0), xp.max(y, axis=0)])

    def figure(self, sums: Any, moments: Any, counts: Any) -> float:
        """From what `sums` and `moments` gave for blocks of so many samples to the figure.

        Constant targets count as scikit-learn's.
        """
        n, (means, spreads, low, high) = np.asarray(counts)[:, None], np.moveaxis(moments, 0, 1)
        mean = (n * means).sum(axis=0) / n.sum()
        spread = (spreads + n * (means - mean) ** 2).sum(axis=0)
        spread = np.where(high.max(axis=0) > low.min(axis=0), spread, 0.0)  # else it is rounding
        unexplained = np.sum(sums, axis=0)
        unexplained = np.divide(
            unexplained, spread, out=(unexplained > 0).astype(float), where=spread > 0
        )
        return float(1.0 - unexplained.mean())


class EpochSums:
    """What an epoch added up until now, a block of steps after another.

    Attributes
    ----------
    steps : int
        Done in this epoch.
    latest : int
        Size of the latest mini-batch.
    seconds : float
        That the epoch took before it was interrupted and resumed.
    """

    FIELDS = ("costs", "sums", "moments", "counts", "outputs", "targets")

    def __init__(self) -> None:
        self.steps = self.latest = 0
        self.seconds = 0.0
        self.costs: list[Array] = []
        self.sums: list[Array] = []
        self.moments: list[Array] = []
        self.counts: list[int] = []
        self.outputs: list[Any] = []
        self.targets: list[Any] = []
        self._joined: dict[str, Array] = {}

    def join(self, wanted: Iterable[str], backend: Any) -> None:
        """Put together on the device, without a wait, what `each` is to bring from there."""
        for what in wanted:
            if what != "counts":
                join = backend.xp.concat if what == "costs" else backend.xp.stack
                self._joined[what] = join(getattr(self, what))

    def each(self, what: str, backend: Any) -> np.ndarray[Any, Any]:
        """What was noted of each block, as float64, one after another or stacked."""
        if what == "counts":
            return np.asarray(self.counts, dtype=np.float64)
        if what not in self._joined:
            self.join([what], backend)
        found: np.ndarray[Any, Any] = backend.to_numpy(self._joined.pop(what)).astype(np.float64)
        return found

    def state(self, backend: Any) -> dict[str, np.ndarray[Any, Any]]:
        """All of it in NumPy arrays of the device's own type, for `restored`."""
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
    def restored(cls, state: dict[str, np.ndarray[Any, Any]], backend: Any) -> EpochSums:
        """What `state` gave, on the device again."""
        tally = cls()

        def moved(array: np.ndarray[Any, Any]) -> Array:
            return backend.from_host(array, array.dtype.name)

        tally.counts = state["counts"].tolist()
        tally.costs = [moved(state["costs"])]
        tally.sums = [moved(one) for one in state["sums"]]
        tally.moments = [moved(one) for one in state["moments"]]
        if state["outputs"].size:
            tally.outputs, tally.targets = [state["outputs"]], [state["targets"]]
        tally.steps = len(state["costs"])
        return tally
