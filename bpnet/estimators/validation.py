"""Validation data: what a user gives, or a share of the samples that is held out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..backends import Backend
from ..data.inputs import as_inputs
from ..data.sparse import is_sparse
from .places import for_network, taken
from .scikit_learn import train_test_split
from .scores import mean

__all__ = ["Samples", "ValidationFigures", "given_validation", "held_out", "validator"]


class Samples(NamedTuple):
    """Samples with targets and weights.

    Parameters
    ----------
    X : array or sparse matrix, shape (n, n_features)
    targets : array, shape (n, n_outputs)
    weights : array, shape (n,), or None
    """

    X: Any
    targets: Any
    weights: Any = None

    def at(self, backend: Backend) -> Samples:
        """With samples and targets where a network computes; sparse ones stay sparse.

        Raises
        ------
        TypeError
            If they are on a device from which they would have to be copied unasked.
        """
        X, targets = (for_network(one, backend) for one in (self.X, self.targets))
        with backend.scope():
            X = X.tocsr() if is_sparse(X) else as_inputs(X, X.shape[1], backend, "X")
            return Samples(X, backend.asarray(targets, "y"), self.weights)


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


def given_validation(
    X_val: Any,
    y_val: Any,
    sample_weight_val: Any,
    checked: Callable[[Any, Any, Any], Samples],
    width: int,
) -> Samples | None:
    """The user's own validation data; None if there is none.

    Parameters
    ----------
    X_val, y_val, sample_weight_val : array-like or None
    checked : callable
        ``checked(X, y, sample_weight)`` checks them as those that are trained on.
    width : int
        Columns of the targets.

    Raises
    ------
    ValueError
        If one is missing, they do not fit, or there is a single sample; the message says that it is
        about them.
    """
    if X_val is None and y_val is None:
        if sample_weight_val is not None:
            raise ValueError("sample_weight_val is provided, but X_val and y_val were not.")
        return None
    if y_val is None:
        raise ValueError("X_val is provided, but y_val was not provided.")
    if X_val is None:
        raise ValueError("y_val is provided, but X_val was not provided.")
    try:
        samples = checked(X_val, y_val, sample_weight_val)
    except ValueError as error:
        raise ValueError(f"in X_val and y_val: {error}") from error
    if samples.X.shape[0] < 2:
        raise ValueError("X_val has 1 sample: at least 2 are needed to validate with")
    if samples.targets.shape[1] != width:
        raise ValueError(
            f"y_val has {samples.targets.shape[1]} columns, but y has {width}: each output needs "
            "its targets"
        )
    return samples


def held_out(
    samples: Samples, share: float, random_state: Any, stratify: Any, backend: Backend
) -> tuple[Samples, Samples]:
    """The samples to train on, and those that are held out, drawn as scikit-learn does.

    Parameters
    ----------
    samples : Samples
        Where the network computes.
    share : float
    random_state : RandomState
    stratify : array, shape (n, 1), or None
    backend : Backend

    Raises
    ------
    ValueError
        If fewer than two would be held out, or one part would have no weight.
    """
    every = np.arange(samples.X.shape[0])
    parts = train_test_split(every, random_state=random_state, test_size=share, stratify=stratify)
    if len(parts[1]) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your "
            "dataset."
        )
    if samples.weights is not None and not all(samples.weights[rows].any() for rows in parts):
        raise ValueError(
            "all samples to train on, or all that are held out, have weight 0: give more of them a "
            "weight, or give X_val and y_val"
        )
    with backend.scope():
        train, validation = (
            Samples(*(None if one is None else taken(one, rows, backend) for one in samples))
            for rows in parts
        )
    return train, validation


def validator(
    network: Any, samples: Samples, score: Callable[[Any, Any, Any], float]
) -> Callable[[], ValidationFigures]:
    """A function that gives the `ValidationFigures` of the network's present parameters.

    Parameters
    ----------
    network : Network
    samples : Samples
        Where it computes.
    score : callable
        ``score(targets, outputs, weights)``, of arrays there, and weights in NumPy.
    """
    backend = network.backend

    def validate() -> ValidationFigures:
        X, targets, weights = samples
        with backend.scope():
            outputs, figure = network.feedforward(X), float("nan")
            if backend.all_finite(outputs):
                figure = score(targets, outputs, weights)
            losses = network.cost.value(outputs, targets, backend.xp)
            return ValidationFigures(figure, mean(losses, weights, backend))

    return validate
