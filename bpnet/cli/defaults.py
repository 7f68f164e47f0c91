"""What each data set is trained with unless something else is asked for."""

from __future__ import annotations

from ..tabular.recipe import Settings

__all__ = ["OWN"]

OWN: dict[str, Settings] = {
    "digits": {
        "hidden": [64],
        "activation": "relu",
        "cost": "categorical_cross_entropy",
        "initializer": "auto",
        "optimizer": "adam",
        "learning_rate": 0.003,
        "batch_size": 32,
        "epochs": 40,
        "l2": 1e-4,
    },
    "mnist": {  # Nielsen, Neural Networks and Deep Learning, ch. 1
        "hidden": [30],
        "activation": "sigmoid",
        "cost": "quadratic",
        "initializer": "standard_normal",
        "optimizer": "sgd",
        "learning_rate": 3.0,
        "batch_size": 10,
        "epochs": 30,
    },
}
