"""A column of the history that a callback watches."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from ..._lib.constraints import Number
from ..._lib.registry import check_name

if TYPE_CHECKING:
    from ..fit import Fit

__all__ = ["BEST", "Monitor"]

BEST = Number(finite=False, optional=True)
"""What `Monitor.best` is, for a checkpoint's reader."""


class Monitor:
    """The best figure of a column so far.

    Parameters
    ----------
    who : str
        The callback, for messages.
    column : str
    mode : {"min", "max"} or None
        Whether it is to fall or to rise; None: as the fit says.
    min_delta : float
        A figure improves if it is better than the best by more than this. NaN never is, nor the
        worse infinity; for the first one of a fit there is a UserWarning.
    """

    def __init__(self, who: str, column: str, mode: str | None, min_delta: float) -> None:
        if mode is not None:
            check_name(mode, ("min", "max"), "mode")
        self.who, self.column, self.mode = who, column, mode
        self.min_delta = Number(0.0)("min_delta", min_delta)
        self.begin_anew()

    def begin(self, fit: Fit, *, keeps: bool = False) -> None:
        """Forget the best figure; raises ValueError if there is no such column.

        Parameters
        ----------
        fit : Fit
        keeps : bool, optional
            Whether the parameters of the best epoch are kept, which must have its figure.
        """
        if self.column not in fit.columns:
            hint = "" if fit.has_validation else "; give fit validation=(x, y) for validation's"
            raise ValueError(
                f"{self.who} monitors {self.column!r}, but the history has "
                f"{', '.join(fit.columns)}{hint}"
            )
        falls = fit.lower_is_better(self.column) if self.mode is None else self.mode == "min"
        if keeps:
            fit.judge_parameters(self.column)
        self._sign = 1.0 if falls else -1.0
        self._told = False
        self.begin_anew()

    def compared_settings(self) -> dict[str, Any]:
        """What it watches, and how."""
        return {"monitor": self.column, "mode": self.mode, "min_delta": self.min_delta}

    def begin_anew(self) -> None:
        """Forget the best figure."""
        self.best: float | None = None

    def improves(self, row: dict[str, Any]) -> bool:
        """Whether an epoch's figure is better than all before, and is now the best."""
        figure = row[self.column]
        if not (self._sign * figure < math.inf or self._told):
            self._told = True
            warnings.warn(
                f"{self.who} monitors {self.column!r}, which is {figure} in epoch {row['epoch']}: "
                "that counts as no improvement. Monitor another column, as 'train_cost', or let "
                "the metric return a finite number",
                stacklevel=2,
            )
        best = math.inf if self.best is None else self._sign * self.best
        if not self._sign * figure < best - self.min_delta:
            return False
        self.best = figure
        return True
