"""A fit by L-BFGS: SciPy drives the loop, and an epoch is one of its iterations."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, cast

import numpy as np

from .._lib.constraints import Integer
from .._lib.install import pip_install
from ..backends import Array
from ..model import Architecture
from .advice import advice_after_divergence
from .config import StepConfig
from .divergence import DivergenceError
from .feeds import Block
from .fit import Fit
from .held_out import with_validation
from .metric_columns import try_metrics
from .samples import SamplePreparer
from .settings import chosen_metrics, with_progress
from .snapshot import Snapshot
from .state import Trained
from .sums import EpochSums
from .target_range import warn_if_out_of_range
from .trainable import Trainable
from .weights import weights_of, with_weights

__all__ = ["begin_minimization"]

Vector = np.ndarray[Any, np.dtype[np.float64]]


def begin_minimization(
    optimizer: Any, trainable: Trainable, x: Any, y: Any, settings: Mapping[str, Any], net: Any
) -> Fit:
    """A fit by L-BFGS before its first iteration.

    Parameters
    ----------
    optimizer : LBFGS
    trainable, x, y, settings, net
        As of `bpnet.training.start.begin_fit`.
    """
    minimize = _minimizer()
    epochs = Integer(0)("epochs", settings["epochs"])
    config = StepConfig(optimizer, l2=settings["l2"], alpha=settings["alpha"])
    _check_fixed(trainable.model.architecture)
    callbacks = with_progress(settings["callbacks"], settings["progress"])
    with trainable.backend.scope():
        prepare = SamplePreparer(trainable)
        x, y = prepare(x, y)
        model, backend = prepare.model, trainable.backend
        warn_if_out_of_range(model, backend, y)
        x, y, weight, validation = with_validation(
            settings["validation"], x, y, settings["sample_weight"], model, trainable
        )
        weights, mean = weights_of(
            weight,
            settings["class_weight"],
            y,
            backend=backend,
            task=model.task,
            classes=model.classes,
        )
        metrics = chosen_metrics(settings["metrics"], model)
        try_metrics(
            metrics or (), trainable.backend, training=y, validation=validation and validation[1]
        )
        fit = _LBFGSFit(
            minimize,
            trainable._replace(model=model),
            Block(x, with_weights(y, weights, backend), np.arange(x.shape[0]), y),
            config.for_weights(mean),
            epochs=epochs,
            validation=validation,
            metrics=metrics,
            callbacks=callbacks,
        )
        fit.net = net
        fit.begin()
    return fit


class _MinimizationEnded(Exception):  # noqa: N818
    """The way out of SciPy's loop."""


class _LBFGSFit(Fit):
    """A fit by L-BFGS, as callbacks see it.

    Parameters
    ----------
    minimize : callable
        SciPy's.
    trainable : Trainable
    samples : Block
        All of them.
    config : StepConfig
        Of which only the optimizer, l2, alpha and weighted matter.
    **options
        Further ones of `Fit`.
    """

    def __init__(
        self,
        minimize: Callable[..., Any],
        trainable: Trainable,
        samples: Block,
        config: StepConfig,
        **options: Any,
    ) -> None:
        n = samples.x.shape[0]
        super().__init__(trainable, config, samples=n, batch_size=n, steps_per_epoch=1, **options)
        self._scipy, self._x, self._y, _, self._targets = minimize, *samples
        self._l2 = config.l2 + (config.alpha or 0.0) / n  # weights have a mean of 1
        self._blocks = _blocks(n, trainable.runs.rows_per_block)
        runs = trainable.runs
        self._run = runs.weighted_gradient if config.weighted else runs.gradient
        self._cost = self._penalty = 0.0
        self._at: Vector | None = None

    def begin(self, resume: Snapshot | None = None, origin: str = "resume") -> None:
        with self._beginning():
            pass

    def judge_parameters(self, column: str) -> None:
        return  # all columns are of the parameters after an iteration

    def limit_block(self, steps: int) -> None:
        return  # each iteration is a block

    def costs(self) -> Vector:
        return np.asarray([self._cost / self._samples])  # samples are computed in several parts

    def snapshot(self) -> NoReturn:
        raise ValueError(
            "L-BFGS cannot write checkpoints, as SciPy keeps its state to itself: leave Checkpoint "
            "out, or use another optimizer, such as bpnet.Adam()"
        )

    def _run_all(self) -> None:
        # What an optimizer remembers of parameters that are soon others would mislead it.
        self._store.reset_optimizer()
        self._store.replace(average=())
        if self.epochs:
            with self.backend.scope(), contextlib.suppress(_MinimizationEnded):
                self._minimize()

    def _epoch(self) -> NoReturn:
        raise ValueError(
            "SciPy drives L-BFGS, so its epochs cannot be asked for one by one: use net.fit"
        )

    def _left(self) -> bool:
        return False

    def _all_samples(self) -> Iterable[tuple[Array, Array]]:
        return [(self._x, self._targets)]

    def _close(self) -> None:
        return

    def _minimize(self) -> None:
        settings: Any = self.optimizer
        self._began = time.perf_counter()
        found = self._scipy(
            self._objective,
            self.backend.to_numpy(self._store.state.theta).astype(np.float64),
            jac=True,
            method="L-BFGS-B",
            callback=self._iterated,
            options={
                "maxcor": settings.history_size,
                "gtol": settings.gradient_tolerance,
                "ftol": settings.cost_tolerance,
                "maxls": settings.line_search,
                "maxiter": self.epochs,
                "maxfun": settings.max_evaluations or self.epochs * (settings.line_search + 1) + 1,
            },
        )
        self.history.stopped = {0: "converged", 1: "completed"}.get(found.status, "stalled")

    def _objective(self, theta: Vector) -> tuple[float, Vector]:
        """The objective and its gradient."""
        backend, l2, n = self.backend, self._l2, self._samples
        weights, sums = self._model.layout.n_weights, EpochSums()
        on_device = backend.from_host(theta, backend.dtype)
        state = on_device, backend.xp.zeros_like(on_device)
        for order in self._blocks:
            rates = [(0.0,)] * len(order)
            state, outputs = self._run(state, self._x, self._y, order, rates, self._interrupt)
            if outputs is None or outputs.shape[0] < len(order):
                raise _MinimizationEnded
            self._scorer.add(outputs, Block(self._x, self._y, order, self._targets), sums)
        gradient = backend.to_numpy(state[1]).astype(np.float64) / n
        cost = float(sums.each("costs", backend).sum())
        if not (math.isfinite(cost) and np.isfinite(gradient).all()):
            raise DivergenceError(
                f"the cost became {cost / n:g}, or its gradient infinite, in iteration "
                f"{len(self.history) + 1}, with {self.optimizer}",
                self.history,
                advice=""
                if self._at is not None
                else advice_after_divergence(
                    backend,
                    before_any_step=True,
                    theta=self._store.state.theta,
                    samples=(self._x, self._targets),
                ),
            )
        gradient[:weights] += l2 * theta[:weights]
        self._at, self._cost, self._sums = theta.copy(), cost, sums
        self._penalty = 0.5 * l2 * float(theta[:weights] @ theta[:weights])
        return cost / n + self._penalty, gradient

    def _iterated(self, theta: Vector) -> None:
        """Keep what an iteration came to, and tell the callbacks."""
        if not np.array_equal(theta, cast(Vector, self._at)):  # the last point is the one taken
            self._objective(theta)
        state, counters, _ = self._store.current
        state = state._replace(theta=self.backend.from_host(theta, self.backend.dtype))
        self._store.current = Trained(state, counters.replaced(epochs=counters.epochs + 1))
        self.steps_done += 1
        self._tell("on_steps", self, 1)
        cost = self._cost / self._samples
        objective = cost + self._penalty if self._config.sums_penalties else None
        row = self._row(cost, objective, cast(EpochSums, self._sums))
        self.history.rows.append(row)
        self._tell("on_epoch_end", self, row)
        self._began = time.perf_counter()
        if self._stopping or self._interrupt():
            raise _MinimizationEnded


def _blocks(n: int, size: int) -> list[np.ndarray[Any, Any]]:
    """The rows of n samples: a block of full chunks, and one of what is left."""
    full = n - n % size
    rows = np.arange(n)
    parts = rows[:full].reshape(-1, size), rows[full:].reshape(1, -1)
    return [part for part in parts if part.size]


def _check_fixed(architecture: Architecture) -> None:
    """Raise unless cost and gradient of a sample depend on it and the parameters alone."""
    if architecture.random:
        l, what = architecture.random[0]
        raise ValueError(
            f"L-BFGS needs a cost that is the same at every call, but layer {l} has {what}: set "
            "that to 0, or use another optimizer, such as bpnet.Adam()"
        )
    if architecture.running_size:
        raise ValueError(
            'L-BFGS needs outputs that depend on one sample alone, but a layer has normalization="'
            'batch": use normalization="layer", or another optimizer, such as bpnet.Adam()'
        )


def _minimizer() -> Callable[..., Any]:
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise ImportError(f"L-BFGS needs SciPy: {pip_install('scipy')}") from error
    return cast(Callable[..., Any], minimize)
