"""What the classifier and the regressor share: how they are fitted, by a `Network`."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import Any

import numpy as np

from ..backends import get_backend
from ..network import Network
from ..training import DivergenceError
from ..training.lbfgs import LBFGS
from .convergence import Convergence, SolverState, ValidationFigures
from .optimizers import solver_optimizer
from .parameters import (
    CONSTRAINTS,
    as_list,
    hidden_activations,
    hidden_sizes,
    range_activations,
)
from .random_draws import ShuffledOrder, initial_parameters
from .scikit_learn import (
    BaseEstimator,
    ConvergenceWarning,
    check_is_fitted,
    check_random_state,
    check_sample_weight,
    fit_context,
    train_test_split,
    validate_data,
)

__all__ = ["BaseMLP"]

_NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)
_OUTPUT_NAMES = {"sigmoid": "logistic", "exponential": "exp"}  # scikit-learn's


class BaseMLP(BaseEstimator):
    """A multilayer perceptron, trained as scikit-learn trains its own.

    Subclasses name the parameters, in scikit-learn's order, and turn labels into targets.

    Attributes
    ----------
    network_ : Network
        What was trained; `coefs_` and `intercepts_` are views of its parameters.
    """

    _parameter_constraints = CONSTRAINTS

    network_: Network
    coefs_: list[Any]
    intercepts_: list[Any]

    # ------------------------------------------------------------------ what subclasses say

    @abstractmethod
    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Any]:
        """Samples, and targets of shape (n, n_outputs)."""

    @abstractmethod
    def _cost(self) -> Any:
        """The cost to be minimized."""

    @abstractmethod
    def _task(self) -> str:
        """The network's task."""

    @abstractmethod
    def _score_outputs(self, targets: Any, outputs: Any, sample_weight: Any) -> float:
        """Accuracy or R^2 of outputs of the network, all in NumPy arrays."""

    # ------------------------------------------------------------------ fitting

    @fit_context
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit the network to samples X and targets y.

        Parameters
        ----------
        X : array, frame or sparse matrix, shape (n, n_features)
        y : array-like, shape (n,) or (n, n_outputs)
            Class labels, or numbers.
        sample_weight : array-like, shape (n,), optional

        Returns
        -------
        self : object
        """
        return self._fit(X, y, sample_weight, incremental=False)

    def _fit(self, X: Any, y: Any, sample_weight: Any, incremental: bool) -> Any:
        sizes = hidden_sizes(self.hidden_layer_sizes)
        first = not hasattr(self, "network_") or not (self.warm_start or incremental)
        X, targets = self._validate_input(X, y, incremental, reset=first)
        if sample_weight is not None:
            sample_weight = check_sample_weight(sample_weight, X)
        if self.early_stopping and incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        random_state = check_random_state(self.random_state)
        sizes = [X.shape[1], *sizes, targets.shape[1]]
        if first:
            self._initialize(sizes, X, random_state)
        elif not incremental:
            self._continue_with(sizes, X)
        elif (have := [*self._own_network().sizes]) != sizes:
            raise ValueError(
                f"partial_fit cannot change the network's layers from {have} to {sizes}: call fit"
            )
        targets = targets.astype(self.network_.dtype, copy=False)
        try:
            if self.solver == "lbfgs":
                self._fit_lbfgs(X, targets, sample_weight)
            else:
                self._fit_stochastic(X, targets, sample_weight, random_state, incremental)
        finally:
            self._publish()
        return self

    def _initialize(self, sizes: list[int], X: Any, random_state: Any) -> None:
        """A new network with the parameters that scikit-learn draws, and empty curves."""
        network = self._new_network(sizes, X)
        deciding = range_activations(self.activation, network.activations[:-1])
        network.set_parameters(*initial_parameters(sizes, deciding, random_state))
        self.network_ = network
        self.n_iter_ = self.t_ = 0
        self.n_outputs_, self.n_layers_ = sizes[-1], len(sizes)
        output = network.activations[-1].name
        self.out_activation_ = _OUTPUT_NAMES.get(output, output)
        self._solver: SolverState | None = None
        if self.solver != "lbfgs":
            self.loss_curve_: list[float] = []
            stops = self.early_stopping
            self.best_loss_ = None if stops else np.inf
            self.validation_scores_: list[float] | None = [] if stops else None
            self.validation_loss_curve_: list[float] | None = [] if stops else None
            self.best_validation_score_ = -np.inf if stops else None

    def _continue_with(self, sizes: list[int], X: Any) -> None:
        """A network of the present settings, with the parameters of the one before."""
        have = [*self._own_network().sizes]
        if have != sizes:
            raise ValueError(
                f"warm_start cannot change the network's layers from {have} to {sizes}: make "
                "another estimator, or set warm_start=False"
            )
        network = self._new_network(sizes, X)
        network.set_parameters(self.network_.weights, self.network_.biases)
        self.network_ = network

    def _new_network(self, sizes: list[int], X: Any) -> Network:
        hidden = hidden_activations(self.activation, len(sizes) - 2)
        cost = self._cost()
        dtype = self.dtype or str(X.dtype)
        return Network(
            sizes,
            activations=[*hidden, cost.partner],
            cost=cost,
            task=self._task(),
            initializer="zeros",
            backend=get_backend(self.backend, self.device, dtype, compute_dtype=self.compute_dtype),
            seed=0,
        )

    def _fit_stochastic(
        self, X: Any, targets: Any, sample_weight: Any, random_state: Any, incremental: bool
    ) -> None:
        network, before = self.network_, self._solver
        if before is None or not incremental:
            network.reset_optimizer()
            state = SolverState(solver_optimizer(self, self.learning_rate_init))
            if before is not None:
                state.stuck, state.best = before.stuck, before.best
            self._solver = before = state
        validate = None
        if self.early_stopping:
            X, targets, sample_weight, validate = self._split(
                X, targets, sample_weight, random_state
            )
        n = X.shape[0]
        convergence = Convergence(self, n, before, validate)
        history = None
        try:
            history = network.fit(
                X,
                targets,
                epochs=1 if incremental else self.max_iter,
                batch_size=self._batch_size(n),
                optimizer=before.optimizer,
                alpha=self.alpha,
                shuffle=ShuffledOrder(random_state, n) if self.shuffle else False,
                sample_weight=sample_weight,
                metrics=None,
                callbacks=[convergence, *as_list(self.callbacks)],
                progress=False,
            )
        except DivergenceError as error:
            if before.best is None:
                raise ValueError(_NOT_FINITE) from error
            convergence.note_epoch(float("nan"), ValidationFigures(float("nan"), float("nan")))
            warnings.warn(f"training stopped early: {error}", ConvergenceWarning, stacklevel=5)
        if history is not None and history.stopped == "interrupted":
            warnings.warn("Training interrupted by user.", stacklevel=5)
        elif history is not None and history.stopped == "completed" and not incremental:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the "
                "optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=5,
            )
        if self.early_stopping and before.best is not None:
            network.set_parameters(*before.best)

    def _split(
        self, X: Any, targets: Any, sample_weight: Any, random_state: Any
    ) -> tuple[Any, Any, Any, Any]:
        """Training samples, and a function that validates on the others."""
        parts = [X, targets] if sample_weight is None else [X, targets, sample_weight]
        train_test = train_test_split(
            *parts,
            random_state=random_state,
            test_size=self.validation_fraction,
            stratify=self._strata(targets),
        )
        train, held_out = train_test[::2], train_test[1::2]
        if held_out[0].shape[0] < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        X_val, y_val, *weight_val = held_out
        weights = weight_val[0] if weight_val else None
        network = self.network_

        def validate() -> ValidationFigures:
            outputs = network.backend.to_numpy(network.feedforward(X_val))
            score, loss = float("nan"), network.cost.value(outputs, y_val, np)
            if np.isfinite(outputs).all():
                score = self._score_outputs(y_val, outputs, weights)
            return ValidationFigures(score, float(np.average(loss, weights=weights)))

        return train[0], train[1], train[2] if weight_val else None, validate

    def _strata(self, targets: Any) -> Any:
        """What the validation samples are to have in the same shares."""
        return None

    def _batch_size(self, samples: int) -> int:
        if self.batch_size == "auto":
            return min(200, samples)
        if self.batch_size > samples:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped",
                stacklevel=6,
            )
        return int(min(self.batch_size, samples))

    def _fit_lbfgs(self, X: Any, targets: Any, sample_weight: Any) -> None:
        solver: Any = LBFGS(gradient_tolerance=self.tol, max_evaluations=self.max_fun)
        history = self.network_.fit(
            X,
            targets,
            epochs=self.max_iter,
            optimizer=solver,
            alpha=self.alpha,
            sample_weight=sample_weight,
            metrics=None,
            progress=False,
        )
        self.n_iter_ = len(history)
        if history.stopped == "interrupted":
            warnings.warn("Training interrupted by user.", stacklevel=5)
        elif history.stopped != "converged":
            warnings.warn(self._unconverged(history.stopped), ConvergenceWarning, stacklevel=5)
        if self.n_iter_:
            self.loss_ = history["train_objective"][-1]
        else:  # the first parameters were a minimum
            self.loss_ = self._objective(X, targets, sample_weight)

    def _objective(self, X: Any, targets: Any, sample_weight: Any) -> float:
        """The loss of the present parameters, with the penalty."""
        network = self.network_
        outputs = network.backend.to_numpy(network.feedforward(X))
        losses = network.cost.value(outputs, targets, np)
        squares = sum(float((w * w).sum()) for w in network.weights)
        total = len(losses) if sample_weight is None else np.sum(sample_weight)
        mean = float(np.average(losses, weights=sample_weight))
        return mean + 0.5 * float(self.alpha) * squares / float(total)

    def _unconverged(self, stopped: str | None) -> str:
        """What to tell of an L-BFGS that met no tolerance."""
        told = f"lbfgs failed to converge after {self.n_iter_} iteration(s): "
        if stopped == "stalled":
            told += "the line search found no lower loss."
        elif self.n_iter_ == self.max_iter:
            told += (
                "the limit of iterations is reached.\n\nIncrease the number of iterations to "
                f"improve the convergence (max_iter={self.max_iter})."
            )
        else:
            told += f"the limit of evaluations is reached (max_fun={self.max_fun})."
        return (
            f"{told}\nYou might also want to scale the data as shown in:\n"
            "    https://scikit-learn.org/stable/modules/preprocessing.html"
        )

    # ------------------------------------------------------------------ parameters

    def _publish(self) -> None:
        """Show the network's parameters as scikit-learn does; arrays that can be written to."""
        network = self.network_
        weights, biases = network.model.layout.split(network.state.theta, network.backend.xp)
        self.coefs_, self.intercepts_ = [w.T for w in weights], biases
        self._shown = [*self.coefs_, *self.intercepts_]

    def _own_network(self) -> Network:
        """The network, with whatever was put in the place of its parameters meanwhile."""
        parameters = [*self.coefs_, *self.intercepts_]
        if any(one is not shown for one, shown in zip(parameters, self._shown, strict=True)):
            self.network_.set_parameters([w.T for w in self.coefs_], self.intercepts_)
            self._publish()
        return self.network_

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        if "network_" in state:
            self._own_network()
            state = {k: one for k, one in state.items() if k not in _SHOWN}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "network_"):
            self._publish()

    # ------------------------------------------------------------------ answers

    def _outputs(self, X: Any) -> Any:
        """Activations of the output layer, shape (m, n_outputs)."""
        check_is_fitted(self)
        return self._own_network().feedforward(self._checked(X))

    def _checked(self, X: Any) -> Any:
        return validate_data(
            self, X, accept_sparse=["csr", "csc"], dtype=(np.float64, np.float32), reset=False
        )

    def _check_solver(self) -> bool:
        if self.solver == "lbfgs":
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. "
                f"{self.solver} is not stochastic."
            )
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


_SHOWN = ("coefs_", "intercepts_", "_shown")
