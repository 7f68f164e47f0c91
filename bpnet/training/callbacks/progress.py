"""How far training is."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any

from .base import Callback

if TYPE_CHECKING:
    from ..fit import Fit

__all__ = ["Progress"]

_PAUSE = 2.0  # seconds between two lines where there is no terminal


class Progress(Callback):
    """A progress bar over all mini-batches, with the latest epoch's figures behind it.

    Each figure is that of training, and behind a stroke that of validation.

    Parameters
    ----------
    file : text stream, optional
        Standard error by default. Where it is no terminal, plain lines take the bar's place: one
        at the begin, after the first and after the last epoch, and one every two seconds at most
        between them.

    Examples
    --------
    >>> import sys
    >>> import bpnet
    >>> net = bpnet.Network([1, 1], seed=0)
    >>> history = net.fit(
    ...     [[0.0]], [[1.0]], epochs=1, batch_size=1, callbacks=[bpnet.Progress(sys.stdout)]
    ... )
    training for 1 epoch of 1 batch
    epoch 1: 100%, 0 s, cost 0.125, accuracy 0
    """

    per_fit = ("_show",)
    first_rank_only = True

    def __init__(self, file: Any = None) -> None:
        self._file = file

    def on_fit_begin(self, fit: Fit) -> None:
        file = self._file or sys.stderr
        self._show: _Bar | _Lines = _Bar(fit, file) if file.isatty() else _Lines(fit, file)

    def on_steps(self, fit: Fit, steps: int) -> None:
        self._show.steps(steps)

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        self._show.epoch(row["epoch"], _figures(row))

    def on_fit_end(self, fit: Fit) -> None:
        self._show.close()

    def set_state(self, state: dict[str, Any]) -> None:
        self._show.go_on()


class _Bar:
    """One line that is written over."""

    def __init__(self, fit: Fit, file: Any) -> None:
        from tqdm import tqdm

        self._fit = fit
        self._bar = tqdm(
            total=fit.epochs * fit.steps_per_epoch,
            desc=f"epoch {fit.first_epoch}",
            unit="batch",
            file=file,
            dynamic_ncols=True,
            bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}",
        )

    def go_on(self) -> None:
        self._bar.initial = self._bar.n = len(self._fit.history) * self._fit.steps_per_epoch
        self._bar.set_description_str(f"epoch {self._fit.counters.epochs + 1}")

    def steps(self, steps: int) -> None:
        self._bar.update(steps)

    def epoch(self, epoch: int, figures: str) -> None:
        # All of it, though of an epoch that a checkpoint was in the midst of less was seen.
        self._bar.update(len(self._fit.history) * self._fit.steps_per_epoch - self._bar.n)
        self._bar.set_description_str(f"epoch {epoch}", refresh=False)
        self._bar.set_postfix_str(figures, refresh=False)

    def close(self) -> None:
        self._bar.close()


class _Lines:
    """Lines of a log."""

    def __init__(self, fit: Fit, file: Any) -> None:
        self._fit, self._file = fit, file
        self._done = 0  # batches of the epoch that goes on
        self._first, self._untold = True, ""
        self._began = time.monotonic()
        epochs, batches = fit.epochs, fit.steps_per_epoch
        self._write(
            f"training for {epochs} epoch{'s' * (epochs != 1)} of "
            f"{batches} batch{'es' * (batches != 1)}"
        )

    def go_on(self) -> None:
        self._write(f"going on after epoch {self._fit.counters.epochs}")

    def steps(self, steps: int) -> None:
        self._done += steps
        if self._done < self._fit.steps_per_epoch and self._due():
            self._write(self._where(self._fit.counters.epochs + 1))

    def epoch(self, epoch: int, figures: str) -> None:
        self._done = 0
        self._untold = f"{self._where(epoch)}, {figures}"
        if self._first or self._due() or len(self._fit.history) == self._fit.epochs:
            self._write(self._untold)
            self._first, self._untold = False, ""

    def close(self) -> None:
        if self._untold:  # the last epoch of a fit that ended before its time
            self._write(self._untold)

    def _where(self, epoch: int) -> str:
        done = len(self._fit.history) + self._done / self._fit.steps_per_epoch
        seconds = time.monotonic() - self._began
        return f"epoch {epoch}: {done / self._fit.epochs:.0%}, {seconds:.0f} s"

    def _due(self) -> bool:
        return time.monotonic() - self._told >= _PAUSE

    def _write(self, line: str) -> None:
        self._told = time.monotonic()
        with contextlib.suppress(OSError):  # a full disk or a closed pipe, and nowhere to say so
            self._file.write(line + "\n")
            self._file.flush()


def _figures(row: dict[str, Any]) -> str:
    """``"cost 0.31/0.35, accuracy 0.9/0.88"``."""
    words = []
    for name, value in row.items():
        kind, _, what = name.partition("_")
        if kind == "train":
            judged = row.get(f"validation_{what}")
            words.append(f"{what} {value:.3g}" + ("" if judged is None else f"/{judged:.3g}"))
    return ", ".join(words)
