"""L-BFGS over the whole batch, by SciPy: for small data, and to the bottom of a minimum."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .._lib.frozen import Frozen
from .._lib.validation import check_count, check_counts, check_numbers
from ..backends import Array
from ..backprop import backprop
from ..compiler import compile_step
from ..metrics import get_all
from . import Callback, DivergenceError, Fit, History, Progress, StepConfig
from .feeds import MemoryFeed
from .tally import EpochSums

if TYPE_CHECKING:
    from ..network import Network
    from . import Snapshot

__all__ = ["LBFGS"]

# Entries of the largest array of activations in one pass: some megabytes.
_CHUNK = 2**21

Vector = np.ndarray[Any, np.dtype[np.float64]]


class LBFGS(Frozen):
    """The limited-memory BFGS method: each step takes the whole batch, and a line search.

    It takes the place of an optimizer in `Network.fit`; an epoch of the history is then one
    iteration, and the batch size means nothing. The parameters are a vector in double precision on
    the host, as SciPy wants them; cost and gradient are computed where the network is. With
    ``dtype="float64"`` the minimum is found to more digits.

    Parameters
    ----------
    history_size : int, optional
        How many steps and changes of the gradient stand for the curvature.
    gradient_tolerance : float, optional
        Stop where no entry of the gradient is larger in magnitude.
    cost_tolerance : float, optional
        Stop where an iteration lowers the objective by no more than this share of it (or, below 1,
        by no more than this).
    line_search : int, optional
        The most evaluations in one iteration.

    Notes
    -----
    ``history.stopped`` is ``"converged"`` where a tolerance was met, ``"stalled"`` where the line
    search found no lower cost, ``"completed"`` where the iterations were used up.

    References
    ----------
    R. Byrd, P. Lu, J. Nocedal and C. Zhu, A limited memory algorithm for bound constrained
    optimization, 1995; SciPy's ``L-BFGS-B``, here without bounds.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([1, 1], activations=["identity"], dtype="float64", seed=0)
    >>> x, y = [[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]]
    >>> history = bpnet.LBFGS().fit(net, x, y, epochs=100)
    >>> history.stopped, round(net.weights[0].item(), 4), round(net.biases[0].item(), 4)
    ('converged', 2.0, 1.0)
    """

    history_size: int = 10
    gradient_tolerance: float = 1e-5
    cost_tolerance: float = 1e-9
    line_search: int = 20

    def __post_init__(self) -> None:
        check_counts(self, "history_size", "line_search")
        check_numbers(
            self, ("gradient_tolerance", 0.0, math.inf), ("cost_tolerance", 0.0, math.inf)
        )

    def fit(
        self,
        net: Network,
        x: Any,
        y: Any,
        *,
        epochs: int,
        l2: float = 0.0,
        validation: tuple[Any, Any] | None = None,
        callbacks: Iterable[Callback] = (),
        metrics: Iterable[Any] = (),
        progress: bool | None = None,
    ) -> History:
        """Minimize the network's mean cost.

        Parameters
        ----------
        net : Network
        x : array, shape (n, n_0)
        y : array, shape (n, n_L), or (n,) of class indices
        epochs : int
            The most iterations.
        l2 : float, optional
            The objective is the mean cost plus l2/2 times the sum of the squared weights.
        validation : (x, y), optional
        callbacks : iterable of Callback, optional
        metrics : iterable of str, Metric or callable, optional
        progress : bool, optional
            As of `Network.fit`.

        Returns
        -------
        History
            One row an iteration.

        Raises
        ------
        ValueError, TypeError
            As `Network.fit`; also if a layer drops, has noise or normalizes by mini-batch: there
            is no one function to minimize then. Nothing has changed.
        DivergenceError
            If the cost or gradient is not finite; the parameters are those of the last iteration.
        ImportError
            If SciPy is not installed; it comes with the extra ``sklearn``.

        Notes
        -----
        Ctrl-C ends it at the next evaluation, with the parameters of the last full iteration. The
        memory of an optimizer that the network had is forgotten.
        """
        minimize = _minimizer()
        epochs = check_count("epochs", epochs, 0)
        recipe = StepConfig(cast(Any, self), l2=l2)
        _check_fixed(net)
        callbacks = list(callbacks)
        if progress or (progress is None and sys.stderr.isatty()):
            callbacks.append(Progress())
        seen = net._seen_regression
        with net.backend.scope():
            try:
                x, y = net._samples(x, y, training=True)
                if validation is not None:
                    if len(validation) != 2:
                        raise ValueError(f"validation must be (x, y), not {len(validation)} things")
                    validation = net._samples(*validation, names=("validation x", "validation y"))
                own = "accuracy" if net.task == "classification" else "r2"
                run = _Minimization(
                    minimize,
                    net,
                    x,
                    y,
                    recipe,
                    epochs=epochs,
                    validation=validation,
                    metrics=[one for one in get_all(metrics) if one.name != own],
                    callbacks=callbacks,
                    evaluate_training=False,
                )
                run.begin()
            except BaseException:
                net._seen_regression = seen
                raise
            return run.run()


class _LeftError(Exception):
    """The way out of SciPy's loop."""


class _Minimization(Fit):
    """One call of `LBFGS.fit`, as callbacks see it: an epoch is an iteration.

    Parameters
    ----------
    minimize : callable
        SciPy's.
    net : Network
    x : array, shape (n, n_0)
    y : array, shape (n, n_L)
    recipe : StepConfig
    **options
        As of `Fit`.
    """

    def __init__(
        self,
        minimize: Callable[..., Any],
        net: Network,
        x: Array,
        y: Array,
        recipe: StepConfig,
        **options: Any,
    ) -> None:
        feed = MemoryFeed(x, y, batch_size=x.shape[0], seed=net.seed)
        super().__init__(net, feed, recipe, **options)
        self._scipy, self._x, self._y, self._l2 = minimize, x, y, recipe.l2
        self._settings = cast(LBFGS, recipe.optimizer)
        self._blocks = _blocks(feed.samples, max(1, _CHUNK // max(net.sizes)))
        self._run = _compiled(net)
        self._at: Vector | None = None

    def begin(self, resume: Snapshot | None = None) -> None:
        """Let the callbacks object, before anything changes."""
        self._tell("on_fit_begin", self)
        net = self.net
        # What an optimizer remembers of parameters that are soon others would mislead it.
        net._optimizer, net._memory, net._average, net.steps = None, (), (), 0
        self.steps_done = 0

    def snapshot(self) -> Snapshot:
        """There is none."""
        raise ValueError("L-BFGS has no checkpoints: SciPy keeps what it has learned")

    def run(self) -> History:
        """Minimize until a tolerance is met or the iterations are used up."""
        try:
            if self.epochs:
                with self._interrupt:
                    self._minimize()
        except _LeftError:
            if self._interrupt():
                self.history.stopped = "interrupted"
        finally:
            self._tell("on_fit_end", self)
            self._feed.close()
        return self.history

    def _minimize(self) -> None:
        settings, net = self._settings, self.net
        self._began = time.perf_counter()
        found = self._scipy(
            self._objective,
            net.backend.to_numpy(net._theta).astype(np.float64),
            jac=True,
            method="L-BFGS-B",
            callback=self._iterated,
            options={
                "maxcor": settings.history_size,
                "gtol": settings.gradient_tolerance,
                "ftol": settings.cost_tolerance,
                "maxls": settings.line_search,
                "maxiter": self.epochs,
                "maxfun": self.epochs * (settings.line_search + 1) + 1,
            },
        )
        self.history.stopped = {0: "converged", 1: "completed"}.get(found.status, "stalled")

    def _objective(self, theta: Vector) -> tuple[float, Vector]:
        """The objective and its gradient."""
        net, l2, n, weights = self.net, self._l2, self._feed.samples, self.net._layout.n_weights
        backend, tally = net.backend, EpochSums()
        on_device = backend.from_host(theta, net.dtype)
        state = on_device, backend.xp.zeros_like(on_device)
        for order in self._blocks:
            rates = [(0.0,)] * len(order)
            state, outputs = self._run(state, self._x, self._y, order, rates, self._interrupt)
            if outputs is None or outputs.shape[0] < len(order):
                raise _LeftError
            self._score(outputs, self._y, order, tally)
        gradient = backend.to_numpy(state[1]).astype(np.float64) / n
        cost = float(tally.each("costs", backend).sum())
        if not (math.isfinite(cost) and np.isfinite(gradient).all()):
            raise DivergenceError(
                f"the cost became {cost / n:g}, or its gradient infinite, in iteration "
                f"{len(self.history) + 1}, with {self._settings}; the parameters are those before",
                self.history,
            )
        gradient[:weights] += l2 * theta[:weights]
        self._at, self._cost, self._tally = theta.copy(), cost, tally
        return cost / n + 0.5 * l2 * float(theta[:weights] @ theta[:weights]), gradient

    def _iterated(self, theta: Vector) -> None:
        """Keep what an iteration came to, and tell the callbacks."""
        if not np.array_equal(theta, cast(Vector, self._at)):  # the last point is the one taken
            self._objective(theta)
        net, tally = self.net, cast(EpochSums, self._tally)
        net._receive(theta)
        net.epochs += 1
        self.steps_done += 1
        self._tell("on_steps", self, 1)
        row = self._row(self._cost, tally)
        self.history.rows.append(row)
        self._tell("on_epoch_end", self, row)
        self._began = time.perf_counter()
        if self._stopping or self._interrupt():
            raise _LeftError


def _compiled(net: Network) -> Callable[..., Any]:
    """The backend's run that adds the gradient of some samples to a vector, block by block."""
    if "gradient" not in net._runs:
        architecture, cost = net._architecture, net.cost
        layout = architecture.layout

        def step(xp: Any, state: Any, x: Array, y: Array, rates: Any) -> tuple[Any, Array]:
            theta, total = state
            w, b = layout.split(theta, xp)
            stages = architecture.stages(theta, None, x, xp)
            nabla_w, nabla_b, z = backprop(w, b, stages, cost, x, y, xp)
            norms = [stages[l].nabla_scale for l in architecture.norms]
            norms += [stages[l].nabla_shift for l in architecture.norms]
            return (theta, total + layout.join(nabla_w, nabla_b, xp, norms)), z

        net._runs["gradient"] = compile_step(net.backend, step)
    return net._runs["gradient"]


def _blocks(n: int, size: int) -> list[np.ndarray[Any, Any]]:
    """The rows of n samples, a block of full chunks and one of what is left."""
    full = n - n % size
    rows = np.arange(n)
    parts = rows[:full].reshape(-1, size), rows[full:].reshape(1, -1)
    return [part for part in parts if part.size]


def _check_fixed(net: Network) -> None:
    """Raise unless cost and gradient of a sample depend on nothing but it and the parameters."""
    architecture = net._architecture
    if architecture.random:
        l, what = architecture.random[0]
        raise ValueError(f"L-BFGS wants a function that stays the same, but layer {l} has {what}")
    if architecture.running_size:
        raise ValueError(
            "L-BFGS wants a function of each sample by itself, but a layer normalizes by mini-batch"
        )


def _minimizer() -> Callable[..., Any]:
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise ImportError('L-BFGS needs SciPy: pip install "bpnet-xp[sklearn]"') from error
    return cast(Callable[..., Any], minimize)
