"""MLPRegressor: scikit-learn's interface and figures, bpnet's network."""

from __future__ import annotations

from typing import Any, ClassVar

from ..activations import Activation
from ..costs import Cost
from ..optimizers import Optimizer
from ..parallel import Communicator
from .base import BaseMLP
from .documentation import documented
from .inputs import checked_answers, checked_pair
from .losses import REGRESSOR_LOSSES, regressor_loss
from .parameters import CONSTRAINTS
from .places import backend_of, is_at, on_host
from .scikit_learn import (
    RegressorMixin,
    StrOptions,
    fit_context,
    r2_score,
)
from .scores import r2

__all__ = ["MLPRegressor"]


@documented
class MLPRegressor(RegressorMixin, BaseMLP):
    """Multilayer perceptron for regression: scikit-learn's, on any array library.

    All parameters of ``sklearn.neural_network.MLPRegressor``, with the same defaults, and the same
    figures from the same ``random_state``; those from ``dropout`` on are bpnet's own.

    Parameters
    ----------
    loss : str or Cost, default="squared_error"
        ``"squared_error"``, half of it, the mean over outputs; ``"poisson"`` for counts, of
        exponential outputs; ``"binary_cross_entropy"`` for shares from 0 to 1, of sigmoid outputs;
        or another of `bpnet.costs`, by name or as an object, as ``"huber"``.
    <parameters>
    <own>

    Attributes
    ----------
    <attributes>

    Examples
    --------
    >>> from bpnet import MLPRegressor
    >>> from sklearn.datasets import make_regression
    >>> from sklearn.model_selection import train_test_split
    >>> X, y = make_regression(n_samples=200, n_features=20, random_state=1)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)
    >>> regr = MLPRegressor(random_state=1, max_iter=2000, tol=0.1).fit(X_train, y_train)
    >>> regr.score(X_test, y_test)
    0.98...
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "loss": [StrOptions(REGRESSOR_LOSSES), Cost],
    }

    def __init__(
        self,
        loss: str | Cost = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: Any = 10,
        max_fun: int = 15000,
        dropout: Any = 0.0,
        optimizer: Optimizer | str | None = None,
        schedule: Any = None,
        callbacks: Any = None,
        backend: Any = None,
        device: Any = None,
        dtype: str | None = None,
        compute_dtype: str | None = None,
        parallel: str | Communicator | None = None,
        blocks: int | None = 4,
    ) -> None:
        given = dict(locals())  # this is the one list of what an estimator is given
        for name in given.keys() - {"self", "__class__"}:
            setattr(self, name, given[name])

    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Any]:
        X, y = checked_pair(self, X, y, reset=reset, numeric=True)
        return X, y if y.ndim == 2 else y[:, None]

    def _task(self) -> str:
        return "regression"

    def _validate_held_out(self, X: Any, y: Any) -> tuple[Any, Any]:
        return self._validate_input(X, y, incremental=True, reset=False)

    def _loss(self) -> tuple[Cost, Activation]:
        return regressor_loss(self.loss)

    def _score_outputs(self, targets: Any, outputs: Any, sample_weight: Any) -> float:
        return r2(targets, outputs, sample_weight, self.network_.backend)

    def predict(self, X: Any) -> Any:
        """The numbers predicted for each sample.

        Parameters
        ----------
        X : array, frame or sparse matrix, shape (m, n_features)

        Returns
        -------
        array, shape (m,) or (m, n_outputs)
        """
        return self._answer(X, lambda outputs: outputs[:, 0] if self.n_outputs_ == 1 else outputs)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Coefficient of determination R^2, the mean over outputs.

        Parameters
        ----------
        X : array, frame or sparse matrix, shape (m, n_features)
        y : array-like, shape (m,) or (m, n_outputs)
        sample_weight : array-like, shape (m,), optional

        Returns
        -------
        float
        """
        said, backend = self.predict(X), self.network_.backend
        own = backend if is_at(said, backend) else backend_of(said)
        if own is None:
            return float(r2_score(on_host(y), said, sample_weight=on_host(sample_weight)))
        with own.scope():
            y, said, weights = checked_answers(self, y, said, sample_weight, own)
            y, said = (one if one.ndim == 2 else one[:, None] for one in (y, said))
            return r2(y, said, weights, own)

    @fit_context
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> MLPRegressor:
        """Train for one epoch on these samples; with L-BFGS, to a minimum for them.

        Parameters
        ----------
        X : array, frame or sparse matrix, shape (n, n_features)
        y : array-like, shape (n,) or (n, n_outputs)
        sample_weight : array-like, shape (n,), optional
        X_val, y_val, sample_weight_val : optional
            Validation samples. With ``early_stopping=True`` the estimator keeps the parameters of
            the call with the best score, while training goes on from the last ones; `converged_`
            says when to stop.

        Returns
        -------
        self : object
        """
        validation = X_val, y_val, sample_weight_val
        found: MLPRegressor = self._fit(X, y, sample_weight, validation, incremental=True)
        return found
