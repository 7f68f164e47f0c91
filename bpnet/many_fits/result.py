"""What many fits came to."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._lib.html import ShownText, html_lines, html_table
from .._lib.showing import save_or_show
from .._lib.wording import count
from ..network import Network
from ..training import Callback, History
from .picture import draw_fits
from .which import Which

__all__ = ["ManyFits", "OneFit"]


class OneFit(NamedTuple):
    """One fit of many.

    Parameters
    ----------
    which : Which
        Seed and fold.
    net : Network
        Trained.
    history : History
    score : float
        See `ManyFits`.
    callbacks : list of Callback
        The fit's own, after it.
    train, held_out : array of int, or None
        Row numbers, where there are folds.
    """

    which: Which
    net: Network
    history: History
    score: float
    callbacks: list[Callback]
    train: NDArray[np.int64] | None = None
    held_out: NDArray[np.int64] | None = None


class ManyFits(Sequence[OneFit]):
    """Networks of several seeds or folds, with their histories and scores: a sequence of `OneFit`.

    In the order of the seeds, and for each seed in that of the folds. Printed, it is a table with
    the mean and the standard deviation of each figure.

    Attributes
    ----------
    fits : tuple of OneFit
    scored : str
        What the scores are of: ``"held-out rows"``, ``"validation samples"`` or, without either,
        ``"training samples"``; the accuracy, or R^2 in regression, as from `Network.score`.
    stopped : str
        ``"completed"``; or ``"interrupted"``, by Ctrl-C, and then only what was done is here.
    asked : int
        How many fits were to be done.

    Examples
    --------
    >>> import bpnet
    >>> x, y = [[0.0], [1.0], [2.0], [3.0]] * 5, [0, 0, 1, 1] * 5
    >>> net = bpnet.Network([1, 2], cost="log_likelihood", seed=0)
    >>> fits = bpnet.fit_many(net, x, y, folds=2, epochs=200, batch_size=4, n_jobs=1)
    >>> fits
    <2 fits: score of the held-out rows 1.0000 ± 0.0000>
    >>> fits.predict([[0.0], [3.0]])
    array([0, 1])
    >>> [len(history) for history in fits.histories]
    [200, 200]
    """

    def __init__(
        self, fits: Sequence[OneFit], *, scored: str, stopped: str = "completed", asked: int = 0
    ) -> None:
        self.fits, self.scored, self.stopped = tuple(fits), scored, stopped
        self.asked = max(asked, len(self.fits))

    def __len__(self) -> int:
        return len(self.fits)

    def __getitem__(self, index: Any) -> Any:
        return self.fits[index]

    def __iter__(self) -> Iterator[OneFit]:
        return iter(self.fits)

    @property
    def networks(self) -> list[Network]:
        """The trained networks."""
        return [one.net for one in self.fits]

    @property
    def histories(self) -> list[History]:
        """Of each fit."""
        return [one.history for one in self.fits]

    @property
    def scores(self) -> NDArray[np.float64]:
        """Of each fit, shape (fits,)."""
        return np.array([one.score for one in self.fits])

    @property
    def mean(self) -> float:
        """Of the scores."""
        return statistics.fmean(self.scores.tolist())

    @property
    def std(self) -> float:
        """Standard deviation of the scores, with n - 1; NaN of a single one."""
        return _std(self.scores.tolist())

    def predict_proba(self, x: Any) -> NDArray[Any]:
        """Mean of the networks' probabilities, shape (m, classes), on the host.

        Parameters
        ----------
        x : array
            As for `Network.predict_proba`.
        """
        found = [net.backend.to_numpy(net.predict_proba(x)) for net in self.networks]
        mean: NDArray[Any] = np.mean(found, axis=0)
        return mean

    def predict(self, x: Any) -> NDArray[Any]:
        """What the networks predict together, on the host.

        In regression the mean of their predictions; the class, or the labels, of the mean of their
        probabilities elsewhere.

        Parameters
        ----------
        x : array
            As for `Network.predict`.
        """
        first = self.networks[0]
        if first.task == "regression":
            found = [net.backend.to_numpy(net.predict(x)) for net in self.networks]
            mean: NDArray[Any] = np.mean(found, axis=0)
            return mean
        mean = self.predict_proba(x)
        if first.task == "multilabel":
            return (mean > 0.5).astype(np.int64)
        chosen: NDArray[Any] = mean.argmax(axis=1)
        return chosen if first.classes is None else np.asarray(first.classes)[chosen]

    def summary(self) -> ShownText:
        """A row for each fit, then mean and standard deviation: text, or a table in a notebook."""
        head, rows = _table(self.fits)
        shown = [head, *rows]
        widths = [max(len(row[k]) for row in shown) for k in range(len(head))]
        lines = [
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in shown
        ]
        text = "\n".join([*lines, self._in_words()])
        return ShownText(text, html_table(head, rows, 0) + html_lines([("", self._in_words())]))

    def __str__(self) -> str:
        return str(self.summary())

    def __repr__(self) -> str:
        return f"<{self._in_words()}>"

    def _repr_html_(self) -> str:
        return self.summary().html

    def _in_words(self) -> str:
        done = count(len(self), "fit")
        if self.stopped != "completed":
            done = f"{len(self)} of {self.asked} fits, then interrupted"
        if not self.fits:
            return done
        spread = "" if len(self) == 1 else f" ± {self.std:.4f}"
        return f"{done}: score of the {self.scored} {self.mean:.4f}{spread}"

    def plot(self, path: str | os.PathLike[str] | None = None, title: str = "") -> None:
        """Draw the curves of all fits and their mean, a panel for the cost and each metric.

        Parameters
        ----------
        path : path, optional
            A PNG, SVG or PDF file. Without it the picture is shown, as by `History.plot`.
        title : str, optional

        Raises
        ------
        ValueError
            If there is no epoch to draw.
        ImportError
            If matplotlib is not installed; it comes with the extra ``plot``.
        """
        if not any(len(one) for one in self.histories):
            raise ValueError("no fit has an epoch, so there is nothing to draw: train first")
        figure = draw_fits([one for one in self.histories if len(one)])
        save_or_show(figure, path, title, way_out="fits.plot('fits.png')")


def _table(fits: Sequence[OneFit]) -> tuple[list[str], list[list[str]]]:
    """Column names; a row for each fit, and one of means."""
    columns: list[str] = []
    for one in fits:
        columns += [name for name in one.history.columns if name not in ("epoch", *columns)]
    folded = any(one.which.fold is not None for one in fits)
    head = [
        "seed",
        *["fold"] * folded,
        "epochs",
        *(name.replace("_", " ") for name in columns),
        "score",
    ]
    figures = [[*(_figure(one.history, name) for name in columns), one.score] for one in fits]
    rows = []
    for one, own in zip(fits, figures, strict=True):
        fold = [str(one.which.fold)] * folded
        rows.append([str(one.which.seed), *fold, str(len(one.history)), *map(_in_short, own)])
    if len(fits) > 1:
        for name, of in (("mean", statistics.fmean), ("± std", _std)):
            found = [_in_short(of(column)) for column in zip(*figures, strict=True)]
            rows.append([name, *[""] * folded, "", *found])
    return head, rows


def _figure(history: History, column: str) -> float:
    """In the epoch whose parameters the network has; all seconds of the fit."""
    if column not in history.columns:
        return float("nan")
    if column == "seconds":
        return float(sum(history["seconds"]))
    rows = history.rows
    row = next((one for one in rows if one["epoch"] == history.best_epoch), rows[-1])
    return float(row[column])


def _in_short(value: float) -> str:
    return f"{value:.4g}"


def _std(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else float("nan")
