"""DivergenceError: training met a number that is not finite."""

from __future__ import annotations

from .history import History

__all__ = ["DivergenceError"]


class DivergenceError(ArithmeticError):
    """A cost or parameter is no longer finite; the network keeps the last finite parameters.

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
