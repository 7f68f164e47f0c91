"""When training ends, by scikit-learn's rule, and what an estimator learns of each epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ..backends import Array
from ..training import Callback

if TYPE_CHECKING:
    from ..network import Network
    from ..optimizers import Optimizer
    from ..training.fit import Fit

__all__ = ["Convergence", "SolverState", "ValidationFigures"]

LEAST_RATE = 1e-6
"""An adaptive learning rate that is no greater falls no further."""
SLOWER = 5.0
"""What it is divided by."""


class ValidationFigures(NamedTuple):
    """What the present parameters come to on the validation samples.

    Parameters
    ----------
    score : float
        Accuracy or R^2; NaN where an output is not finite.
    loss : float
        Without the penalty.
    """

    score: float
    loss: float


class SolverState:
    """What a solver remembers from one call of ``partial_fit`` to the next.

    Parameters
    ----------
    optimizer : Optimizer
        Of the first call, whatever parameters the estimator is given later.

    Attributes
    ----------
    rate_factor : float
        Multiplies the optimizer's learning rate.
    stuck : int
        Epochs since the last improvement.
    best : (list of array, list of array) or None
        Weights and biases of the epoch with the best validation score.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.rate_factor = 1.0
        self.stuck = 0
        self.best: tuple[list[Array], list[Array]] | None = None


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
    """

    def __init__(
        self,
        estimator: Any,
        samples: int,
        state: SolverState,
        validate: Callable[[], ValidationFigures] | None = None,
    ) -> None:
        self._estimator, self._samples = estimator, samples
        self._state, self._validate = state, validate

    def on_fit_begin(self, fit: Fit) -> None:
        self._estimator.n_iter_ = 0
        fit.rate_factor = self._state.rate_factor

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        own, state = self._estimator, self._state
        own.t_ += self._samples
        self.note_epoch(row["train_objective"])
        if own.early_stopping:
            self._judge_score(fit.net)
        else:
            self._judge_loss()
        if own.solver == "sgd" and own.learning_rate == "invscaling":
            state.rate_factor = (own.t_ + 1) ** -own.power_t
        if state.stuck > own.n_iter_no_change:
            self._stop_or_slow_down(fit)
        fit.rate_factor = state.rate_factor

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
        if own.verbose:
            print(f"Iteration {own.n_iter_}, loss = {loss:.8f}")
        if self._validate is None:
            return
        figures = figures or self._validate()
        own.validation_scores_.append(figures.score)
        own.validation_loss_curve_.append(figures.loss)
        if own.verbose:
            print(f"Validation score: {figures.score:f}")

    def _judge_score(self, net: Network) -> None:
        own, state = self._estimator, self._state
        score = own.validation_scores_[-1]
        # A score that is NaN compares as False: it counts as no failure, and is no best either.
        state.stuck = state.stuck + 1 if score < own.best_validation_score_ + own.tol else 0
        if score > own.best_validation_score_:
            own.best_validation_score_ = score
            state.best = net.weights, net.biases

    def _judge_loss(self) -> None:
        own, state = self._estimator, self._state
        state.stuck = state.stuck + 1 if own.loss_ > own.best_loss_ - own.tol else 0
        own.best_loss_ = min(own.best_loss_, own.loss_)

    def _stop_or_slow_down(self, fit: Fit) -> None:
        """The end of the fit; with an adaptive learning rate a lower one, while there is one."""
        own, state = self._estimator, self._state
        what = "Validation score" if own.early_stopping else "Training loss"
        told = (
            f"{what} did not improve more than tol={own.tol:f} for {own.n_iter_no_change:d} "
            "consecutive epochs."
        )
        rate = fit.learning_rate_at(fit.steps_done, state.rate_factor)
        adaptive = own.solver == "sgd" and own.learning_rate == "adaptive"
        if adaptive and rate > LEAST_RATE:
            state.rate_factor /= SLOWER
            state.stuck = 0
            told += f" Setting learning rate to {rate / SLOWER:f}"
        else:
            told += " Learning rate too small. Stopping." if adaptive else " Stopping."
            fit.stop("converged")
        if own.verbose:
            print(told)
