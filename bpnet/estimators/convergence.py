"""When training ends, by scikit-learn's rule, and what an estimator learns of each epoch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..training import Callback
from .optimizers import changes_rate
from .validation import ValidationFigures

if TYPE_CHECKING:
    from ..network import Network
    from ..optimizers import Optimizer
    from ..training.fit import Fit

__all__ = ["Convergence", "IterationCurves", "SolverState", "forget_curves"]

HostArray: TypeAlias = np.ndarray[Any, Any]

LEAST_RATE = 1e-6
"""An adaptive learning rate that is no greater falls no further."""
SLOWER = 5.0
"""What it is divided by."""

_CURVES = (
    "loss_curve_",
    "best_loss_",
    "validation_scores_",
    "validation_loss_curve_",
    "best_validation_score_",
)


def forget_curves(estimator: Any) -> None:
    """Remove the curves of fits before from an estimator."""
    for name in _CURVES:
        vars(estimator).pop(name, None)


def _begin_validation_curves(estimator: Any, validates: bool) -> None:
    """Have curves of validation figures, unless there are some of the fit before."""
    if getattr(estimator, "validation_scores_", None) is None:
        estimator.validation_scores_ = [] if validates else None
        estimator.validation_loss_curve_ = [] if validates else None
        estimator.best_validation_score_ = -np.inf if validates else None


def _note_validation(estimator: Any, figures: ValidationFigures, tells: bool) -> None:
    estimator.validation_scores_.append(figures.score)
    estimator.validation_loss_curve_.append(figures.loss)
    if tells:
        print(f"Validation score: {figures.score:f}")


def _note_best_score(estimator: Any) -> None:
    best, last = estimator.best_validation_score_, estimator.validation_scores_[-1]
    estimator.best_validation_score_ = float(np.fmax(best, last))  # of which one may be NaN


class IterationCurves(Callback):
    """Writes the figures of validation samples after each iteration of L-BFGS.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    validate : callable
        As of `Convergence`.
    """

    def __init__(self, estimator: Any, validate: Callable[[], ValidationFigures]) -> None:
        self._estimator, self._validate = estimator, validate

    def on_fit_begin(self, fit: Fit) -> None:
        _begin_validation_curves(self._estimator, True)

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        _note_validation(self._estimator, self._validate(), bool(self._estimator.verbose))
        _note_best_score(self._estimator)


_Parameters = tuple[list[HostArray], list[HostArray]]


def _parameters(network: Network) -> _Parameters:
    """Weights and biases on the host, where they outlast the network's library."""
    with network.backend.scope():
        weights, biases = network.weights, network.biases
        return [*map(network.backend.to_numpy, weights)], [*map(network.backend.to_numpy, biases)]


def _same(network: Network, parameters: _Parameters) -> bool:
    """Whether the network has these parameters."""
    pairs = zip(_parameters(network), parameters, strict=True)
    return all(
        np.array_equal(one, other) for both in pairs for one, other in zip(*both, strict=True)
    )


class SolverState:
    """What a solver remembers from one call of ``partial_fit`` to the next.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        At the first call. The optimizer and the rule of its learning rate stay, whatever parameters
        the estimator is given later.
    optimizer : Optimizer
    before : SolverState, optional
        Of the fit before a warm start.

    Attributes
    ----------
    learning_rate : {"constant", "invscaling", "adaptive"}
    power_t : float
    rate_factor : float
        Multiplies the optimizer's learning rate.
    stuck : int
        Epochs since the last improvement.
    best : (list of array, list of array) or None
        Weights and biases of the epoch with the best validation score.
    shows_best : bool
        Whether the network has them, and `best` does not.
    """

    shows_best = False

    def __init__(
        self, estimator: Any, optimizer: Optimizer, before: SolverState | None = None
    ) -> None:
        self.optimizer = optimizer
        self.learning_rate = estimator.learning_rate if changes_rate(estimator) else "constant"
        self.power_t = estimator.power_t
        self.rate_factor = 1.0
        self.stuck: int = before.stuck if before else 0
        self.best: _Parameters | None = before.best if before else None
        self._last: _Parameters | None = None

    def show_best(self, network: Network, goes_on: bool) -> None:
        """Give the network its best parameters; where training goes on, keep the last ones."""
        if self.best is not None:
            self._last = _parameters(network) if goes_on else None
            network.set_parameters(*self.best)

    def go_on(self, network: Network) -> None:
        """Put the last parameters back, unless the user has changed the best meanwhile."""
        last, self._last = self._last, None
        if last is not None and self.best is not None and _same(network, self.best):
            network.set_parameters(*last)

    def beside(self, network: Network) -> SolverState:
        """A copy to be kept with the network, without parameters that the network has."""
        other = copy.copy(self)
        other.shows_best = self.best is not None and _same(network, self.best)
        other.best = None if other.shows_best else self.best
        return other

    def alone(self, network: Network) -> SolverState:
        """What `beside` made such a copy of."""
        other = copy.copy(self)
        other.best = _parameters(network) if self.shows_best else self.best
        other.shows_best = False
        return other


class Convergence(Callback):
    """Ends a fit where the loss, or the validation score, no longer improves.

    Epoch by epoch it writes what scikit-learn's solvers do into the estimator's public attributes:
    ``n_iter_``, ``t_``, ``loss_``, ``loss_curve_``, ``validation_scores_`` and the best of them.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    samples : int
        Trained on in an epoch.
    state : SolverState
    validate : callable, optional
        ``validate()`` gives the `ValidationFigures` of the present parameters.
    tells : bool, optional
        Whether it prints what becomes of each epoch.
    """

    def __init__(
        self,
        estimator: Any,
        samples: int,
        state: SolverState,
        validate: Callable[[], ValidationFigures] | None = None,
        tells: bool = False,
    ) -> None:
        self._estimator, self._samples, self._tells = estimator, samples, tells
        self._state, self._validate = state, validate

    def on_fit_begin(self, fit: Fit) -> None:
        own = self._estimator
        own.n_iter_, own.converged_ = 0, False
        if not hasattr(own, "loss_curve_"):
            own.loss_curve_, own.best_loss_ = [], None
        if own.best_loss_ is None and not own.early_stopping:
            own.best_loss_ = np.inf
        _begin_validation_curves(own, self._validate is not None)
        fit.rate_factor = self._state.rate_factor

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        own, state = self._estimator, self._state
        own.t_ += self._samples
        self.note_epoch(row["train_objective"])
        if own.early_stopping:
            self._judge_score(fit.net)
        else:
            self._judge_loss()
        before = state.rate_factor
        if state.learning_rate == "invscaling":
            state.rate_factor = (own.t_ + 1) ** -state.power_t
        if state.stuck > own.n_iter_no_change:
            self._stop_or_slow_down(fit)
        if state.rate_factor != before:  # callbacks may have made it slower, too
            fit.rate_factor *= state.rate_factor / before

    def note_epoch(self, loss: float, figures: ValidationFigures | None = None) -> None:
        """Add an epoch to the estimator's curves.

        Parameters
        ----------
        loss : float
        figures : ValidationFigures, optional
            By default those of the present parameters.
        """
        own = self._estimator
        own.n_iter_ += 1
        own.loss_ = loss
        own.loss_curve_.append(loss)
        if self._tells:
            print(f"Iteration {own.n_iter_}, loss = {loss:.8f}")
        if self._validate is not None:
            _note_validation(own, figures or self._validate(), self._tells)

    def _judge_score(self, net: Network) -> None:
        own, state = self._estimator, self._state
        score = own.validation_scores_[-1]
        # A score that is NaN compares as False: it counts as no failure, and is no best either.
        state.stuck = state.stuck + 1 if score < own.best_validation_score_ + own.tol else 0
        if score > own.best_validation_score_:
            own.best_validation_score_ = score
            state.best = _parameters(net)

    def _judge_loss(self) -> None:
        own, state = self._estimator, self._state
        state.stuck = state.stuck + 1 if own.loss_ > own.best_loss_ - own.tol else 0
        own.best_loss_ = min(own.best_loss_, own.loss_)
        if self._validate is not None:
            _note_best_score(own)

    def _stop_or_slow_down(self, fit: Fit) -> None:
        """The end of the fit; with an adaptive learning rate a lower one, while there is one."""
        own, state = self._estimator, self._state
        what = "Validation score" if own.early_stopping else "Training loss"
        told = (
            f"{what} did not improve more than tol={own.tol:f} for {own.n_iter_no_change:d} "
            "consecutive epochs."
        )
        rate = fit.learning_rate_at(fit.steps_done, fit.rate_factor)
        adaptive = state.learning_rate == "adaptive"
        if adaptive and rate > LEAST_RATE:
            state.rate_factor /= SLOWER
            state.stuck = 0
            told += f" Setting learning rate to {rate / SLOWER:f}"
        else:
            told += " Learning rate too small. Stopping." if adaptive else " Stopping."
            own.converged_ = True
            fit.stop("converged")
        if self._tells:
            print(told)
