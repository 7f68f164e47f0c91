"""Small objects that a fit calls at its moments."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .loop import Fit

__all__ = ["Callback", "EarlyStopping", "Progress"]


class Callback:
    """Base of what a fit calls; each moment does nothing unless overridden.

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

    def on_fit_begin(self, fit: Fit) -> None:
        """Before the first epoch."""

    def on_steps(self, fit: Fit, steps: int) -> None:
        """After ``steps`` more mini-batches; what is on the device stays there."""

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        """After an epoch, with its row of the history."""

    def on_fit_end(self, fit: Fit) -> None:
        """After the last epoch, however it came about."""


class EarlyStopping(Callback):
    """Stop when a column of the history no longer improves, and restore the best parameters.

    Parameters
    ----------
    monitor : str, optional
        A column; costs are to fall, other columns to rise.
    patience : int, optional
        Epochs without improvement after which to stop.
    min_delta : float, optional
        What counts as an improvement.

    Raises
    ------
    ValueError
        If ``patience`` is below 1 or ``min_delta`` negative; from ``fit``, if there is no such
        column.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([1, 2, 1], activations="identity", seed=0)
    >>> stopping = bpnet.EarlyStopping("train_cost", patience=1, min_delta=10.0)
    >>> history = net.fit([[0.0], [1.0]], [[0.0], [1.0]], epochs=9, batch_size=2,
    ...                   callbacks=[stopping])
    >>> history.stopped, len(history), history.best_epoch
    ('early', 2, 1)
    """

    def __init__(
        self, monitor: str = "validation_cost", patience: int = 10, min_delta: float = 0.0
    ) -> None:
        if patience < 1:
            raise ValueError(f"patience must be at least 1, not {patience}")
        if min_delta < 0:
            raise ValueError(f"min_delta must be at least 0, not {min_delta}")
        self.monitor, self.patience, self.min_delta = monitor, patience, min_delta

    def on_fit_begin(self, fit: Fit) -> None:
        if self.monitor not in fit.columns:
            hint = "" if fit.has_validation else "; give fit validation=(x, y) for validation's"
            raise ValueError(
                f"EarlyStopping monitors {self.monitor!r}, but the history has "
                f"{', '.join(fit.columns)}{hint}"
            )
        self._best = float("inf")
        self._waited = 0
        self._kept: tuple[int, Any] | None = None

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        figure = row[self.monitor]
        if not self.monitor.endswith("cost"):
            figure = -figure
        if figure < self._best - self.min_delta:
            self._best, self._waited = figure, 0
            self._kept = row["epoch"], fit.parameters()
            return
        self._waited += 1
        if self._waited >= self.patience:
            fit.stop("early")

    def on_fit_end(self, fit: Fit) -> None:
        if self._kept is not None and fit.history.stopped != "interrupted":
            fit.history.best_epoch, best = self._kept
            fit.restore(best)


class Progress(Callback):
    """A progress bar over all mini-batches, with the latest epoch's figures behind it.

    Each figure is that of training, and behind a stroke that of validation.

    Parameters
    ----------
    file : text stream, optional
        Standard error by default. Where it is no terminal, a line comes only now and then.

    Examples
    --------
    >>> import io
    >>> import bpnet
    >>> net, stream = bpnet.Network([1, 1], seed=0), io.StringIO()
    >>> history = net.fit(
    ...     [[0.0]], [[1.0]], epochs=1, batch_size=1, callbacks=[bpnet.Progress(stream)]
    ... )
    >>> "100%" in stream.getvalue()
    True
    """

    def __init__(self, file: Any = None) -> None:
        self._file = file

    def on_fit_begin(self, fit: Fit) -> None:
        from tqdm import tqdm

        file = self._file or sys.stderr
        self._bar = tqdm(
            total=fit.epochs * fit.steps_per_epoch,
            desc=f"epoch {fit.first_epoch}",
            unit="batch",
            file=file,
            dynamic_ncols=True,
            mininterval=0.1 if file.isatty() else 2.0,
            bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}",
        )

    def on_steps(self, fit: Fit, steps: int) -> None:
        self._bar.update(steps)

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        figures = []
        for name, value in row.items():
            kind, _, what = name.partition("_")
            if kind == "train":
                judged = row.get(f"validation_{what}")
                figures.append(f"{what} {value:.3g}" + ("" if judged is None else f"/{judged:.3g}"))
        self._bar.set_description_str(f"epoch {row['epoch']}", refresh=False)
        self._bar.set_postfix_str(", ".join(figures), refresh=False)

    def on_fit_end(self, fit: Fit) -> None:
        self._bar.close()
