"""The base class of callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from ..fit import Fit

__all__ = ["Callback"]


class Callback:
    """Base class of callbacks: a fit calls these methods, and each does nothing unless overridden.

    Attributes
    ----------
    per_fit : tuple of str
        Attributes that belong to a fit, such as the `Fit` itself: copies and pickles are without.
    first_rank_only : bool
        Whether only the first of several ranks calls it, as it writes or prints; the others of a
        fit with ``parallel`` hear nothing of it. All of them call the others.

    Examples
    --------
    >>> import bpnet
    >>> class Tell(bpnet.Callback):
    ...     def on_epoch_end(self, fit, row):
    ...         print(row["epoch"], "of", fit.epochs)
    >>> net = bpnet.Network([1, 1], seed=0)
    >>> history = net.fit([[0.0]], [[1.0]], epochs=2, batch_size=1, callbacks=[Tell()])
    1 of 2
    2 of 2
    """

    per_fit: ClassVar[tuple[str, ...]] = ()
    first_rank_only: ClassVar[bool] = False

    def on_fit_begin(self, fit: Fit) -> None:
        """Before the first epoch."""

    def on_steps(self, fit: Fit, steps: int) -> None:
        """After ``steps`` more mini-batches; nothing is copied from the device for this call.

        Until the epoch ends, the network still has the parameters from before the epoch. The end
        of the epoch overwrites whatever is set here: change parameters in `on_epoch_end`.
        """

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        """After an epoch, with its row of the history."""

    def on_fit_end(self, fit: Fit) -> None:
        """At the end, once, however the fit ends, if ``on_fit_begin`` returned.

        Also if another callback refuses the fit, before any epoch, or raises an error.
        """

    def compared_settings(self) -> dict[str, Any]:
        """Settings that shape the training: those of a fit that is resumed must be the same."""
        return {}

    def state(self) -> dict[str, Any]:
        """What a checkpoint saves of the callback: JSON values and NumPy arrays."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned; called after ``on_fit_begin``."""

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in self.per_fit}
