"""What the classifier and the regressor share: how they are fitted, by a `Network`."""

from __future__ import annotations

import contextlib
import operator
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import numpy as np

from ..activations import Activation
from ..backends import Array, Backend
from ..costs import Cost
from ..data import Source
from ..model import Layer
from ..network import Network
from ..training.lbfgs import LBFGS
from ..training.parallel.rank import as_rank
from .continuation import Settings, continued
from .convergence import SolverState, forget_curves
from .inputs import checked_samples
from .losses import check_targets
from .nested_parameters import NestedParameters
from .optimizers import chosen_optimizer, trains_by_lbfgs
from .parameters import (
    CONSTRAINTS,
    as_list,
    hidden_activations,
    hidden_dropout,
    hidden_sizes,
    range_activations,
    seed_of,
)
from .persistence import SavedInFiles
from .places import (
    answer_for,
    chosen_backend,
    for_network,
    importable,
    imported,
    is_at,
    on_host,
)
from .random_draws import initial_parameters
from .ranks import chosen_ranks, name_of, random_state_of
from .scikit_learn import (
    check_is_fitted,
    fit_context,
)
from .solvers import fit_lbfgs, fit_stochastic
from .validation import Samples, given_validation, held_out
from .weights import sample_weights

__all__ = ["BaseMLP"]

Given: TypeAlias = tuple[Any, Any, Any]
"""X, y and weights as a user gives them, or None for each."""

_OUTPUT_NAMES = {"sigmoid": "logistic", "exponential": "exp"}  # scikit-learn's
_SINCE = {"parallel": None, "blocks": 4}  # what pickles of earlier versions lack
_SHOWN = ("coefs_", "intercepts_", "_shown", "classes_")
"""What is made of the network and the labels, so that pickles leave it out."""


class BaseMLP(SavedInFiles, NestedParameters):
    """A multilayer perceptron, trained as scikit-learn trains its own.

    Subclasses name the parameters, in scikit-learn's order, and turn labels into targets.

    Attributes
    ----------
    network_ : Network
        What was trained; `coefs_` and `intercepts_` are views of its parameters.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    backend: Any
    network_: Network
    _solver: SolverState | None
    coefs_: list[Any]
    intercepts_: list[Any]

    # ------------------------------------------------------------------ what subclasses say

    @abstractmethod
    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Any]:
        """Samples, and targets of shape (n, n_outputs)."""

    @abstractmethod
    def _validate_held_out(self, X: Any, y: Any) -> tuple[Any, Any]:
        """The same of the user's own validation data, after training data."""

    @abstractmethod
    def _loss(self) -> tuple[Cost, Activation]:
        """The cost to be minimized, and the activation of the output layer."""

    @abstractmethod
    def _task(self) -> str:
        """The network's task."""

    @abstractmethod
    def _score_outputs(self, targets: Any, outputs: Any, sample_weight: Any) -> float:
        """Accuracy or R^2 of outputs of the network, all where it computes."""

    # ------------------------------------------------------------------ fitting

    @fit_context
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Any:
        """Fit the network to samples X and targets y.

        Data larger than memory is for `partial_fit`, part by part.

        Parameters
        ----------
        X : array, frame or sparse matrix, shape (n, n_features)
        y : array-like, shape (n,) or (n, n_outputs)
            Class labels, or numbers.
        sample_weight : array-like, shape (n,), optional
        X_val, y_val, sample_weight_val : optional
            Validation samples, as the first three. After each epoch their score and loss are
            recorded; with ``early_stopping=True`` they decide, and no training sample is held out.

        Returns
        -------
        self : object
        """
        validation = X_val, y_val, sample_weight_val
        return self._fit(X, y, sample_weight, validation, incremental=False)

    def _fit(self, X: Any, y: Any, sample_weight: Any, validation: Given, incremental: bool) -> Any:
        before, began = dict(vars(self)), None
        ranks = chosen_ranks(self, X)
        with contextlib.nullcontext() if ranks is None else as_rank(ranks):
            try:
                optimizer = chosen_optimizer(self)
                callbacks = as_list(self.callbacks)
                random_state = random_state_of(self.random_state, ranks)
                given = X, y, sample_weight, validation
                samples, held = self._begin(*given, random_state, incremental)
                began = self.network_.epochs
                if isinstance(optimizer, LBFGS):
                    fit_lbfgs(self, samples, held, optimizer, callbacks, self._score_outputs)
                else:
                    if not incremental or self._solver is None:
                        self._solver = SolverState(self, optimizer, self._solver)
                        self.network_.reset_optimizer()
                    fit_stochastic(
                        self,
                        samples,
                        held,
                        self._solver,
                        random_state,
                        callbacks,
                        self._score_outputs,
                        incremental,
                        ranks,
                    )
            except BaseException:
                if began is None or self.network_.epochs == began:  # nothing was trained
                    self.__dict__.clear()
                    self.__dict__.update(before)
                if began is not None and hasattr(self, "network_"):
                    self._publish()
                raise
        self._publish()
        return self

    def _begin(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Given,
        random_state: Any,
        incremental: bool,
    ) -> tuple[Samples, Samples | None]:
        """Check everything and make the network; samples to train on, and to validate with."""
        if isinstance(X, Source):
            raise TypeError(
                "fit takes no source, whose samples are read in parts: call "
                "partial_fit(*source.read(start, stop)) for each part"
            )
        sizes = hidden_sizes(self.hidden_layer_sizes)
        first = not hasattr(self, "network_") or not (self.warm_start or incremental)
        X, targets = self._validate_input(X, y, incremental, reset=first)
        samples = self._samples(X, targets, sample_weight, "y", incremental)

        def checked(X_val: Any, y_val: Any, weight: Any) -> Samples:
            X_val, targets = self._validate_held_out(X_val, y_val)
            return self._samples(X_val, targets, weight, "y_val", incremental)

        held = given_validation(*validation, checked, targets.shape[1])
        stops = self.early_stopping and held is None and not trains_by_lbfgs(self)
        if stops and incremental:
            raise ValueError(
                "partial_fit does not support early_stopping=True without X_val and y_val"
            )
        sizes = [X.shape[1], *sizes, targets.shape[1]]
        if first:
            self._initialize(sizes, X, random_state)
        else:
            self._continue_with(sizes, X, incremental)
        backend = self.network_.backend
        if stops:
            strata, share = self._strata(targets), self.validation_fraction
            samples = samples.at(backend)
            return held_out(samples, share, random_state, strata, backend)
        return samples.at(backend), held and held.at(backend)

    def _samples(
        self, X: Any, targets: Any, sample_weight: Any, name: str, incremental: bool
    ) -> Samples:
        """Samples whose targets suit the loss, with their weights."""
        check_targets(self._loss()[0], targets, self.loss, name)
        by_class = self._class_weights(targets, incremental)
        return Samples(X, targets, sample_weights(sample_weight, X.shape[0], by_class))

    def _initialize(self, sizes: list[int], X: Any, random_state: Any) -> None:
        """A new network with the parameters that scikit-learn draws, and no curves yet."""
        hidden = hidden_activations(self.activation, len(sizes) - 2)
        deciding = range_activations(self.activation, hidden)
        parameters = initial_parameters(sizes, deciding, random_state)
        seed = seed_of(self.random_state, random_state, bool(np.any(self.dropout)))
        network = self._new_network(sizes, X, seed)
        network.set_parameters(*parameters)
        self._take(network)
        self.n_iter_ = self.t_ = 0
        self.n_outputs_, self.n_layers_ = sizes[-1], len(sizes)
        self._solver = None
        forget_curves(self)

    def _continue_with(self, sizes: list[int], X: Any, incremental: bool) -> None:
        """A network of the present settings, with what training made of the one before."""
        before = self._own_network()
        have = [*before.sizes]
        if have != sizes:
            what = "partial_fit" if incremental else "warm_start"
            way_out = "call fit" if incremental else "make another estimator, or set it to False"
            raise ValueError(
                f"{what} cannot change the network's layers from {have} to {sizes}: {way_out}"
            )
        if incremental and self._settings(len(sizes) - 2).are_of(before):
            return  # what it compiled remains of use
        backend = before.backend if incremental else None
        self._take(continued(before, self._new_network(sizes, X, before.seed, backend)))

    def _take(self, network: Network) -> None:
        self.network_ = network
        output = network.activations[-1].name
        self.out_activation_ = _OUTPUT_NAMES.get(output, output)

    def _new_network(
        self, sizes: list[int], X: Any, seed: int, backend: Backend | None = None
    ) -> Network:
        sigma, shares, cost = self._settings(len(sizes) - 2)
        inner = [Layer(n, dropout=share) for n, share in zip(sizes[1:-1], shares, strict=True)]
        if backend is None:
            backend = chosen_backend(
                X,
                backend=self.backend,
                device=self.device,
                dtype=self.dtype,
                compute_dtype=self.compute_dtype,
            )
        return Network(
            [sizes[0], *inner, sizes[-1]],
            activations=sigma,
            cost=cost,
            task=self._task(),
            initializer="zeros",
            backend=backend,
            compute_dtype=backend.compute_dtype,
            deterministic=backend.deterministic,
            seed=seed,
        )

    def _settings(self, hidden_layers: int) -> Settings:
        hidden = hidden_activations(self.activation, hidden_layers)
        cost, output = self._loss()
        return Settings((*hidden, output), hidden_dropout(self.dropout, hidden_layers), cost)

    def _strata(self, targets: Any) -> Any:
        """What the validation samples are to have in the same shares."""
        return None

    def _class_weights(self, targets: Any, incremental: bool) -> Any:
        """The weight of each sample by its class, shape (n,), or None."""
        return None

    # ------------------------------------------------------------------ parameters

    def _publish(self) -> None:
        """Show the network's parameters as scikit-learn does; arrays that can be written to."""
        network = self.network_
        with network.backend.scope():
            weights, biases = network.model.layout.split(network.state.theta, network.backend.xp)
            self.coefs_, self.intercepts_ = [w.T for w in weights], biases
        self._shown = [*self.coefs_, *self.intercepts_]
        self._show_classes()

    def _show_classes(self) -> None:
        """Show the labels, of a classifier."""

    def _own_network(self) -> Network:
        """The network, with whatever was put in the place of its parameters meanwhile."""
        parameters, shown = [*self.coefs_, *self.intercepts_], self._shown
        if len(parameters) != len(shown) or any(map(operator.is_not, parameters, shown)):
            self._check_parameters()
            with self.network_.backend.scope():
                self.network_.set_parameters([w.T for w in self.coefs_], self.intercepts_)
            self._publish()
        return self.network_

    def __sklearn_clone__(self) -> Any:
        twin = object.__new__(type(self))
        twin.__dict__.update(vars(self), backend=None, parallel=None)
        found = super(BaseMLP, twin).__sklearn_clone__()
        # A namespace is a module, which cannot be copied; nor can what joins processes.
        found.backend, found.parallel = self.backend, self.parallel
        return found

    def _check_parameters(self) -> None:
        """Raise unless there are as many, of the same shapes, as the network has."""
        shown, count = self._shown, self.n_layers_ - 1
        for name, expected in (("coefs_", shown[:count]), ("intercepts_", shown[count:])):
            given = getattr(self, name)
            shapes = [[(*np.shape(one),) for one in arrays] for arrays in (given, expected)]
            if shapes[0] != shapes[1]:
                raise ValueError(
                    f"{name} was replaced by arrays of shapes {shapes[0]}, but this network has "
                    f"{shapes[1]}: give as many, of these shapes"
                )

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        state = {**state, "backend": importable(self.backend), "parallel": name_of(self.parallel)}
        if "network_" in state:
            network = self._own_network()
            state = {k: one for k, one in state.items() if k not in _SHOWN}
            state["_solver"] = self._solver and self._solver.beside(network)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        since = {name: value for name, value in _SINCE.items() if not hasattr(self, name)}
        super().__setstate__({**since, **state})
        self.backend = imported(self.backend)
        if hasattr(self, "network_"):
            self._publish()
            self._solver = self._solver and self._solver.alone(self.network_)

    # ------------------------------------------------------------------ answers

    def _answer(self, X: Any, of_outputs: Callable[[Array], Array]) -> Array:
        """What is made of the output layer's activations, shape (m, n_outputs), where X is."""
        check_is_fitted(self)
        network = self._own_network()
        backend, X = network.backend, checked_samples(self, X, reset=False)
        outputs = network.feedforward(for_network(X, backend))
        if is_at(X, backend):
            with backend.scope():
                return of_outputs(outputs)
        return answer_for(X, of_outputs(on_host(outputs)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
