"""DivergenceError: training met a number that is not finite."""

from __future__ import annotations

from .history import History

__all__ = ["DivergenceError"]


class DivergenceError(ArithmeticError):
    """A cost or parameter is no longer finite; the network keeps the last finite parameters.

    Attributes
    ----------
    history : History
        Of the epochs before.

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

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history
