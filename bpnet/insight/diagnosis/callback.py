"""`Diagnostics`: a callback that looks at the layers after each epoch, and judges the fit."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._lib.showing import save_or_show
from ...training.callbacks.base import Callback
from ...training.settings import is_solver
from .diagnose import Subject
from .evidence import Training
from .of_layers import dead_layers, saturated_layers
from .pictures import draw_deltas
from .result import Diagnosis
from .trial import TrialStep, moved, try_step

if TYPE_CHECKING:
    from ...training.fit import Fit

__all__ = ["Diagnostics"]


class Diagnostics(Callback):
    """Watch errors and weights of each layer during a fit, and say at its end what was wrong.

    Training is not changed: the network ends in the same bits with this callback and without it.

    Parameters
    ----------
    x, y
        Samples to look at, as `bpnet.diagnose` takes them: some hundred of the training samples
        are enough.

    Attributes
    ----------
    diagnosis : Diagnosis or None
        Of the network at the end of the latest fit. A fit that ends in an error has one too.
    rows : list of dict
        One before the first epoch and one after each: ``epoch``; and of each layer ``deltas``, the
        length of delta, and ``updates``, how far its weights moved in the epoch over their size.

    Raises
    ------
    ValueError, TypeError
        From ``fit``, if samples do not fit the network.

    Notes
    -----
    What `bpnet.diagnose` tells of a single moment is told of the end. Of the fit: whether its first
    step, with mini-batches of its size, was too large or too small; and which layers died in it.
    Both steps are tried on copies, with the optimizer alone: penalties and clipping are left out.

    Examples
    --------
    >>> import bpnet
    >>> from bpnet.data import load_digits
    >>> x, y = load_digits().train
    >>> net = bpnet.Network([64, 30, 10], cost="log_likelihood", seed=0)
    >>> watch = bpnet.Diagnostics(x, y)
    >>> history = net.fit(x, y, epochs=2, optimizer=bpnet.SGD(1e-5), callbacks=[watch])
    >>> watch.diagnosis.findings[0].kind
    'learning_rate_too_low'
    """

    per_fit = ("_subject", "_before", "_theta")

    def __init__(self, x: Any, y: Any = None) -> None:
        self._x, self._y = x, y
        self.diagnosis: Diagnosis | None = None
        self.rows: list[dict[str, Any]] = []

    def on_fit_begin(self, fit: Fit) -> None:
        if fit.net is None:
            raise TypeError("Diagnostics watches a network, and this fit trains none")
        self._subject = Subject(fit.net, self._x, self._y)
        self.diagnosis, self.rows = None, []
        self._theta = fit.net.state.theta
        self._look(fit)
        seen = self._subject.evidence(self._subject.recorded())
        flat = {one.layer for one in (*dead_layers(seen), *saturated_layers(seen))}
        self._before = Training(
            first=self._first_step(fit),
            flat=tuple(sorted(flat)),
            gain=seen.answers.gain,
            accuracy=seen.answers.accuracy or 0.0,
        )

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        self._look(fit)

    def on_fit_end(self, fit: Fit) -> None:
        optimizer = None if is_solver(fit.optimizer) else fit.optimizer
        self.diagnosis = self._subject.diagnosis(optimizer, self._before)

    def plot(self, path: str | os.PathLike[str] | None = None, title: str = "") -> None:
        """Draw the errors of each layer over the epochs, and how far its weights moved.

        Parameters
        ----------
        path : path, optional
            A PNG, SVG or PDF file. Without it the picture is shown, as by `History.plot`.
        title : str, optional

        Raises
        ------
        ValueError
            If no fit was watched.
        ImportError
            If matplotlib is not installed; it comes with the extra ``plot``.
        """
        if not self.rows:
            raise ValueError("no fit was watched: give this callback to fit, in callbacks=[...]")
        columns = [np.asarray([one[name] for one in self.rows]) for name in ("deltas", "updates")]
        figure = draw_deltas([one["epoch"] for one in self.rows], *columns)
        save_or_show(figure, path, title, way_out="watch.plot('deltas.png')")

    def _look(self, fit: Fit) -> None:
        net, theta = fit.net, fit.net.state.theta
        rows = [net.backend.to_numpy(one.delta) for one in self._subject.recorded().layers]
        deltas = [float(np.sqrt(np.mean(np.sum(d.astype(np.float64) ** 2, axis=1)))) for d in rows]
        updates, self._theta = moved(net, self._theta, theta), theta
        self.rows.append({"epoch": fit.counters.epochs, "deltas": deltas, "updates": updates})

    def _first_step(self, fit: Fit) -> TrialStep | None:
        if is_solver(fit.optimizer):
            return None
        x, y = self._subject.rows
        n = fit.batch_size
        return try_step(fit.net, x[:n, ...], y[:n, ...], fit.optimizer)
