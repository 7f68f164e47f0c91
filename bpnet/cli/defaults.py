"""What a data set, or a table of a task, is trained with unless something else is asked for."""

from __future__ import annotations

from .settings import Settings

__all__ = ["COMMON", "OWN"]

COMMON: Settings = {"l2": 0.0, "early_stopping": 0, "best": False, "seed": 0, "checkpoint_every": 1}

_TABLE: Settings = {
    "hidden": [64],
    "activation": "relu",
    "initializer": "auto",
    "optimizer": "adam",
    "learning_rate": 0.001,
    "batch_size": 32,
    "epochs": 200,
    "l2": 1e-3,
    "early_stopping": 20,
}

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
    "classification on tables": {**_TABLE, "cost": "categorical_cross_entropy"},
    "regression on tables": {**_TABLE, "cost": "quadratic", "output_activation": "identity"},
}
