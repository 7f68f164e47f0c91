"""scikit-learn."""

from __future__ import annotations

import numpy as np

from ..cases import SEED, Arrays, Case
from ..clock import seconds_of
from .trainer import Trainer

__all__ = ["scikit_learn"]


def scikit_learn(case: Case, x: np.ndarray, labels: np.ndarray) -> Trainer:
    """scikit-learn's MLPClassifier; an epoch is a ``partial_fit``, its checks of x included."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        case.sizes[1:-1],
        activation={"sigmoid": "logistic", "relu": "relu"}[case.sigma],
        solver=case.optimizer,
        alpha=0.0,
        batch_size=case.batch,
        learning_rate_init=case.learning_rate,
        momentum=0.0,
        random_state=SEED,
    )
    batch = slice(0, case.batch)
    model.partial_fit(x[batch], labels[batch], classes=np.arange(case.sizes[-1]))
    for l, (w, b) in enumerate(zip(*case.start(), strict=True)):
        model.coefs_[l][...] = w.T
        model.intercepts_[l][...] = b
    del model._optimizer  # it begins anew, and so does Adam's memory

    def follow(order: np.ndarray) -> None:
        for rows in order:
            model.partial_fit(x[rows], labels[rows])

    def epochs(count: int) -> list[float]:
        return [seconds_of(lambda: model.partial_fit(x, labels)) for _ in range(count)]

    def parameters() -> Arrays:
        return [w.T for w in model.coefs_] + model.intercepts_

    return Trainer(follow, parameters, epochs)
