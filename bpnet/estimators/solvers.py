"""How an estimator's network is trained: by mini-batches, or by L-BFGS."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..parallel import Communicator
from ..training import Callback, DivergenceError
from ..training.lbfgs import LBFGS
from .convergence import Convergence, IterationCurves, SolverState
from .random_draws import ShuffledOrder
from .scikit_learn import ConvergenceWarning
from .scores import mean
from .validation import Samples, ValidationFigures, validator

__all__ = ["fit_lbfgs", "fit_stochastic"]

_NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)
_UNCONVERGED = {
    "stalled": "the line search found no lower loss.",
    "failed": "the loss or its gradient became infinite.",
}
"""Why L-BFGS ended before any limit or tolerance was met."""
_CALLER = 5
"""Frames from these functions to who called ``fit``."""

Score = Callable[[Any, Any, Any], float]


def fit_stochastic(
    estimator: Any,
    samples: Samples,
    validation: Samples | None,
    solver: SolverState,
    random_state: Any,
    callbacks: list[Callback],
    score: Score,
    incremental: bool,
    ranks: Communicator | None,
) -> None:
    """Train by mini-batches: for one epoch if incrementally, else until convergence.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    samples, validation : Samples
    solver : SolverState
    random_state : RandomState
        Shuffles.
    callbacks : list of Callback
    score : callable
        ``score(targets, outputs, weights)``.
    incremental : bool
    ranks : Communicator or None
        Those that train together.
    """
    network = estimator.network_
    solver.go_on(network)
    n = samples.X.shape[0]
    validate = None if validation is None else validator(network, validation, score)
    tells = bool(estimator.verbose) and (ranks is None or ranks.rank == 0)
    convergence = Convergence(estimator, n, solver, validate, tells)
    history = None
    try:
        history = network.fit(
            samples.X,
            samples.targets,
            epochs=1 if incremental else int(estimator.max_iter),
            batch_size=_batch_size(estimator.batch_size, n),
            optimizer=solver.optimizer,
            alpha=float(estimator.alpha),
            shuffle=ShuffledOrder(random_state, n) if estimator.shuffle else False,
            sample_weight=samples.weights,
            metrics=None,
            validation=_for_callbacks(validation, callbacks),
            callbacks=[convergence, *callbacks],
            progress=False,
            parallel=ranks,
            blocks=estimator.blocks,
        )
    except DivergenceError as error:
        if solver.best is None:
            raise ValueError(_NOT_FINITE) from error
        convergence.note_epoch(float("nan"), ValidationFigures(float("nan"), float("nan")))
        warnings.warn(f"training stopped early: {error}", ConvergenceWarning, stacklevel=_CALLER)
    finally:
        if estimator.early_stopping:
            solver.show_best(network, incremental)
    stopped = history and history.stopped
    if stopped == "interrupted":
        warnings.warn("Training interrupted by user.", stacklevel=_CALLER)
    elif stopped == "completed" and not incremental:
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the "
            "optimization hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=_CALLER,
        )


def fit_lbfgs(
    estimator: Any,
    samples: Samples,
    validation: Samples | None,
    optimizer: LBFGS,
    callbacks: list[Callback],
    score: Score,
) -> None:
    """Train on all samples at once.

    Parameters
    ----------
    estimator, samples, validation, callbacks, score
        As of `fit_stochastic`; validation samples are only looked at.
    optimizer : LBFGS
    """
    network = estimator.network_
    if validation is not None:
        callbacks = [IterationCurves(estimator, validator(network, validation, score)), *callbacks]
    try:
        history = network.fit(
            samples.X,
            samples.targets,
            epochs=int(estimator.max_iter),
            optimizer=optimizer,
            alpha=float(estimator.alpha),
            sample_weight=samples.weights,
            metrics=None,
            validation=_for_callbacks(validation, callbacks),
            callbacks=callbacks,
            progress=False,
        )
    except DivergenceError as error:  # the network has finite parameters, as scikit-learn's has
        history = error.history
    estimator.n_iter_ = len(history)
    estimator.converged_ = history.stopped == "converged"
    if estimator.n_iter_:
        estimator.loss_ = history["train_objective"][-1]
    else:  # the first parameters were a minimum, or there was no way from them
        estimator.loss_ = _objective(network, samples, estimator.alpha)
    if history.stopped == "interrupted":
        warnings.warn("Training interrupted by user.", stacklevel=_CALLER)
    elif history.stopped in ("completed", *_UNCONVERGED):  # otherwise a callback has stopped it
        told = _unconverged(estimator, optimizer, history.stopped)
        warnings.warn(told, ConvergenceWarning, stacklevel=_CALLER)


def _for_callbacks(validation: Samples | None, callbacks: list[Callback]) -> Any:
    """Validation samples for the history, if there is someone to watch its columns."""
    return (validation.X, validation.targets) if validation and callbacks else None


def _batch_size(given: Any, samples: int) -> int:
    if given == "auto":
        return min(200, samples)
    if given > samples:
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped",
            stacklevel=_CALLER + 1,
        )
    return int(min(given, samples))


def _objective(network: Any, samples: Samples, alpha: float) -> float:
    """The loss of the present parameters, with the penalty."""
    X, targets, weights = samples
    xp, total = network.backend.xp, targets.shape[0] if weights is None else np.sum(weights)
    with network.backend.scope():
        outputs = network.feedforward(X)
        loss = mean(network.cost.value(outputs, targets, xp), weights, network.backend)
        squares = sum(float(xp.sum(w * w)) for w in network.weights)
    return loss + 0.5 * float(alpha) * squares / float(total)


def _unconverged(estimator: Any, optimizer: LBFGS, stopped: str) -> str:
    """What to tell of an L-BFGS that met no tolerance."""
    told = f"lbfgs failed to converge after {estimator.n_iter_} iteration(s): "
    if stopped in _UNCONVERGED:
        told += _UNCONVERGED[stopped]
    elif estimator.n_iter_ == estimator.max_iter:
        told += (
            "the limit of iterations is reached.\n\nIncrease the number of iterations to "
            f"improve the convergence (max_iter={estimator.max_iter})."
        )
    else:
        limit = (
            f"max_fun={estimator.max_fun}" if estimator.optimizer is not optimizer else optimizer
        )
        told += f"the limit of evaluations is reached ({limit})."
    return (
        f"{told}\nYou might also want to scale the data as shown in:\n"
        "    https://scikit-learn.org/stable/modules/preprocessing.html"
    )
