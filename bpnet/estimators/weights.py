"""Weights of samples: their own times those of their classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .inputs import checked_weights
from .scikit_learn import compute_sample_weight

__all__ = ["class_weights", "sample_weights"]

_NO_BALANCE = (
    "class_weight 'balanced' is not supported for partial_fit. In order to use 'balanced' weights, "
    "use compute_class_weight('balanced', classes=classes, y=y). In place of y you can use a large "
    "enough sample of the full training set target to properly estimate the class frequency "
    "distributions. Pass the resulting weights as the class_weight parameter."
)


def class_weights(class_weight: Any, labels: Any, classes: Any, incremental: bool) -> Any:
    """The weight that each sample has by its class or labels, shape (n,); None without weights.

    Parameters
    ----------
    class_weight : dict, list of dict, "balanced" or None
    labels : array, shape (n,), or (n, n_labels) of zeros and ones
    classes : array, shape (n_classes,)
        All there are, of which these samples may have some only.
    incremental : bool
        Whether other samples come in other calls.

    Raises
    ------
    ValueError
        As of ``sklearn.utils.class_weight.compute_sample_weight``; or if classes are to be balanced
        of which only a part is known.
    """
    if class_weight is None:
        return None
    if isinstance(class_weight, str):
        if incremental:
            raise ValueError(_NO_BALANCE)
        return compute_sample_weight(class_weight, labels)
    # A class that none of the samples has is known all the same.
    others = np.repeat([[0], [1]], labels.shape[1], axis=1) if labels.ndim == 2 else classes
    return compute_sample_weight(class_weight, np.concatenate([labels, others]))[: len(labels)]


def sample_weights(given: Any, samples: int, by_class: Any) -> Any:
    """The weight of each sample, shape (n,), or None.

    Parameters
    ----------
    given : array-like, shape (n,), number or None
        In any library.
    samples : int
        Their number, n.
    by_class : array, shape (n,), or None
        By which they are multiplied.

    Raises
    ------
    ValueError
        If one is negative, or all are 0.
    """
    if given is not None:
        given = checked_weights(given, samples)
        if by_class is not None:
            by_class = by_class * given
    weights = given if by_class is None else by_class
    if by_class is not None and not ((weights >= 0.0).all() and weights.any()):
        raise ValueError(
            f"class_weight gives the samples weights from {weights.min():g} to {weights.max():g}: "
            "none may be negative, and at least one must be greater than 0"
        )
    return weights
