"""The plain loop: one call of the array library after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backends import Array, Backend
from .state import leaves_of, rebuild
from .step import Forward, ForwardRun, Step

__all__ = ["PlainRun", "plain_forward"]


class PlainRun:
    """Calls the step once for each mini-batch.

    A step may return one array twice, or an array that it was given in another place, and the
    caller may overwrite the arrays of its state. So every array of a returned state is either a
    new one or the one that was given in the same place.

    Parameters
    ----------
    backend : Backend
    step : callable
    """

    def __init__(self, backend: Backend, step: Step) -> None:
        self.backend, self.step = backend, step

    def __call__(
        self,
        state: Any,
        x: Array,
        y: Array,
        order: np.ndarray[Any, Any],
        rates: Sequence[tuple[float, ...]],
        stop: Callable[[], bool] | None = None,
    ) -> tuple[Any, Array | None]:
        xp, step, given = self.backend.xp, self.step, leaves_of(state)
        batches, outputs = self.backend.from_host(order, "int64"), []
        for k in range(order.shape[0]):
            if stop is not None and stop():
                break
            rows = batches[k, :]
            x_k, y_k = xp.take(x, rows, axis=0), xp.take(y, rows, axis=0)
            state, z = step(xp, state, x_k, y_k, rates[k])
            outputs.append(z)
        if not outputs:
            return state, None
        return self._own(state, given), xp.stack(outputs)

    def _own(self, state: Any, given: list[Array]) -> Any:
        """The same state in arrays that share no memory."""
        after = leaves_of(state)
        same = len(after) == len(given)
        return rebuild(
            state,
            [
                one if same and one is given[k] else self.backend.copy(one)
                for k, one in enumerate(after)
            ],
        )


def plain_forward(backend: Backend, forward: Forward) -> ForwardRun:
    """A forward pass by the library's own calls."""
    xp = backend.xp

    def run(state: Any, x: Array) -> Array:
        z: Array = forward(xp, state, x)
        return z

    return run
