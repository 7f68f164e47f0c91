"""The callbacks that a fit calls: begun one after another, and ended whatever happens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["Listeners"]


class Listeners:
    """Callbacks in the order in which they are called.

    Parameters
    ----------
    callbacks : iterable of Callback

    Attributes
    ----------
    callbacks : list of Callback
    begun : list of Callback
        Those that are to be ended.
    """

    def __init__(self, callbacks: Iterable[Any]) -> None:
        self.callbacks = list(callbacks)
        self.begun: list[Any] = []

    def begin(self, fit: Any) -> None:
        """Begin them; one may object by an error."""
        for callback in self.callbacks:
            callback.on_fit_begin(fit)
            self.begun.append(callback)

    def tell(self, moment: str, *arguments: Any) -> None:
        """Call a method of each, as ``on_epoch_end``."""
        for callback in self.callbacks:
            getattr(callback, moment)(*arguments)

    def end(self, fit: Any) -> None:
        """End each that began, once, whatever others raise."""
        if self.begun:
            try:
                self.begun.pop(0).on_fit_end(fit)
            finally:
                self.end(fit)
