"""Warnings of callbacks that write files, whose failure ends no fit."""

from __future__ import annotations

import warnings

__all__ = ["UnwrittenWarnings"]


class UnwrittenWarnings:
    """Warns that something was not written, once for each reason."""

    def __init__(self) -> None:
        self._reasons: set[str] = set()

    def warn(self, what: str, error: Exception) -> None:
        """Warn for the caller's caller.

        Parameters
        ----------
        what : str
            A clause that says what was not written.
        error : Exception
            Why.
        """
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if reason not in self._reasons:
            self._reasons.add(reason)
            warnings.warn(f"{what}: {reason}; training goes on", stacklevel=3)
