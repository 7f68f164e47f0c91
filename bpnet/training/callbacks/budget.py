"""Stop after a given time or number of steps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..._lib.constraints import Integer, Number
from ..._lib.records import Record
from .base import Callback

if TYPE_CHECKING:
    from ..fit import Fit

__all__ = ["Budget"]

# Steps between two looks at the clock: 64 cost less than the clock's error where steps are short,
# and are little where they are long.
_BLOCK = 64
_STATE = Record({"seconds": Number(0.0), "steps": Integer(0)})


class Budget(Callback):
    """Stop, within an epoch too, when so much time has passed or so many steps were done.

    ``history.stopped`` is ``"budget"`` then. A checkpoint keeps what was used.

    Parameters
    ----------
    seconds : float, optional
        From the begin of the fit.
    steps : int, optional
        Mini-batches.

    Raises
    ------
    ValueError
        If neither is given, or one is out of range.

    Notes
    -----
    It stops at the first boundary of a block of steps at which the budget is spent; blocks are made
    short for it. Where the fit waits for samples of a source, it stops after the read in progress.
    The steps of an epoch that is not completed count for the parameters, but there is no row of the
    history for them.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([1, 1], seed=0)
    >>> history = net.fit(
    ...     [[0.0], [1.0]], [[1.0], [0.0]], epochs=99, batch_size=1,
    ...     callbacks=[bpnet.Budget(steps=6)],
    ... )
    >>> history.stopped, len(history), net.steps
    ('budget', 3, 6)
    """

    per_fit = ("_fit",)

    def __init__(self, seconds: float | None = None, steps: int | None = None) -> None:
        if seconds is None and steps is None:
            raise ValueError("a budget needs seconds, steps or both, and neither was given")
        self.seconds = Number(0.0, closed="neither", optional=True)("seconds", seconds)
        self.steps = Integer(1, optional=True)("steps", steps)

    def on_fit_begin(self, fit: Fit) -> None:
        self._fit, self._done, self._began = fit, 0, time.monotonic()
        self._look_often()
        self._set_deadline()

    def on_steps(self, fit: Fit, steps: int) -> None:
        self._done += steps
        spent = self.steps is not None and self._done >= self.steps
        if spent or (self.seconds is not None and self._used() >= self.seconds):
            fit.stop("budget", now=True)
        else:
            self._look_often()

    def _look_often(self) -> None:
        """Let no block of steps be longer than what is left."""
        if self.seconds is not None:
            self._fit.limit_block(_BLOCK)
        if self.steps is not None:
            self._fit.limit_block(self.steps - self._done)

    def _set_deadline(self) -> None:
        """Let the fit end by itself where it waits for samples, and does no steps."""
        if self.seconds is not None:
            self._fit.stop_at(self._began + self.seconds, "budget")

    def _used(self) -> float:
        return time.monotonic() - self._began

    def state(self) -> dict[str, Any]:
        return {"seconds": self._used(), "steps": self._done}

    def set_state(self, state: dict[str, Any]) -> None:
        state = _STATE("", state)
        self._began, self._done = time.monotonic() - state["seconds"], state["steps"]
        self._look_often()
        self._set_deadline()
