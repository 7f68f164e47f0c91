"""DivergenceError: training met a number that is not finite."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from typing import Any

from ..backends import Backend
from .history import History
from .loss_scale import LEAST
from .state import TrainingState

__all__ = ["DivergenceError", "not_finite"]


class DivergenceError(ArithmeticError):
    """Training met a number that is not finite; the network keeps the last finite parameters.

    A cost, a parameter, a running mean or variance, or an entry of the optimizer's memory.

    Parameters
    ----------
    what : str
        What became infinite or NaN, and where.
    history : History
        Of the epochs before.
    kept : str
        Which parameters the network has, unless a callback restored those of its best epoch.
    advice : str, optional

    Attributes
    ----------
    history : History

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([1, 1], activations=["identity"], seed=0)
    >>> x, steep = [[1.0], [2.0]], bpnet.SGD(learning_rate=50.0)
    >>> try:
    ...     net.fit(x, x, epochs=99, batch_size=2, optimizer=steep)
    ... except bpnet.DivergenceError as error:
    ...     print(error)
    the cost became inf in epoch ..., batch 1 of 1, with SGD(learning_rate=50.0); ...
    """

    def __init__(
        self,
        what: str,
        history: History,
        kept: str = "those before it",
        advice: str = "A lower learning rate may help",
    ) -> None:
        super().__init__(what, history, kept, advice)
        self.history = history

    def __str__(self) -> str:
        what, _, kept, advice = self.args
        if self.history.best_epoch is not None:  # restored after the error was raised
            kept = f"those of epoch {self.history.best_epoch}, the best"
        return f"{what}; the parameters are {kept}" + (f". {advice}" if advice else "")


def not_finite(state: TrainingState, backend: Backend) -> Iterator[str]:
    """What of a state is not finite, in words: asked of the device now, and waited for once.

    An infinite variance makes a layer constant, and an infinite mean square in an optimizer's
    memory keeps a parameter where it is, both while costs and parameters stay finite.

    Examples
    --------
    >>> import bpnet
    >>> from bpnet.training.divergence import not_finite
    >>> net = bpnet.Network([1, 1], seed=0)
    >>> list(not_finite(net.state, net.backend))
    []
    """
    xp = backend.xp
    asked = [
        (what, backend.all_finite_on_device(one))
        for what, arrays in (
            ("a parameter", (state.theta,)),
            ("a running mean or variance", state.running),
            ("the memory of the optimizer", state.memory),
        )
        for one in arrays
    ]
    for scaling in state.loss_scale:  # the scale, and the steps since it changed
        fits = (scaling[:1] > LEAST) | (scaling[1:] > 0.0)
        asked.append(("the gradient", xp.all(fits)))
    return _named(asked, functools.reduce(operator.and_, [finite for _, finite in asked]))


def _named(asked: list[tuple[str, Any]], everything: Any) -> Iterator[str]:
    if not bool(everything):  # the only wait of a training that goes well
        yield from (f"{what} became infinite" for what, finite in asked if not bool(finite))
