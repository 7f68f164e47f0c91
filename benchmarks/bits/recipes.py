"""Penalties, clipping, weights of samples and other settings of a fit; initializers."""

from __future__ import annotations

import numpy as np

import bpnet
from bpnet import Layer, schedules

from .samples import CLASSES, SAMPLES, WIDTH
from .training import Training

__all__ = ["INITIALIZERS", "RECIPES"]

WEIGHTS = np.arange(SAMPLES) % 5 / 2.0
STEPS = {
    "l1": {"l1": 0.001},
    "l2": {"l2": 0.01},
    "l1 and l2": {"l1": 0.001, "l2": 0.01},
    "max norm": {"max_norm": 0.8},
    "clip value": {"clip_value": 0.01},
    "clip norm": {"clip_norm": 0.2},
    "accumulate": {"accumulate": 3},
    "average": {"average": 0.9},
    "label smoothing": {"label_smoothing": 0.1},
    "sample weight": {"sample_weight": WEIGHTS},
    "class weight": {"class_weight": {0: 2.0, 3: 0.5}},
    "class weight, balanced": {"class_weight": "balanced"},
    "sample and class weight, accumulate": {
        "sample_weight": WEIGHTS,
        "class_weight": "balanced",
        "accumulate": 2,
    },
    "all of a step": {
        "optimizer": bpnet.AdamW(schedules.Cosine(0.01, steps=30)),
        "l1": 0.001,
        "l2": 0.01,
        "max_norm": 1.5,
        "clip_value": 0.5,
        "clip_norm": 1.0,
        "accumulate": 2,
        "average": 0.95,
        "label_smoothing": 0.05,
        "sample_weight": WEIGHTS,
        "class_weight": {1: 3.0},
    },
    "batches of one": {"batch_size": 1},
    "equal batches": {"batch_size": 29},
    "one batch": {"batch_size": 1000},
    "evaluated training": {"evaluate_training": True},
    "metrics": {"metrics": ["f1", "auc", "log_loss", "top_2_accuracy", "balanced_accuracy"]},
    "metrics, evaluated training": {"metrics": ["f1", "log_loss"], "evaluate_training": True},
    "no validation": {"validation": None},
}
RECIPES = {name: Training(fit=settings) for name, settings in STEPS.items()} | {
    "accumulate with batch norm and all": Training(
        bottom=Layer(WIDTH, noise=0.1, dropout=0.1),
        hidden=Layer(WIDTH, "relu", dropout=0.2, normalization="batch", residual=True),
        fit={"accumulate": 3, "average": 0.9, "optimizer": bpnet.Adam(0.01)},
    ),
    "batch norm, evaluated training": Training(
        hidden=Layer(WIDTH, "relu", normalization="batch"), fit={"evaluate_training": True}
    ),
    "labels in rows": Training(targets="rows of labels", fit={"class_weight": "balanced"}),
    "two classes": Training(
        top=Layer(1),
        targets="two labels",
        net={"cost": "binary_cross_entropy"},
        fit={"metrics": ["f1_binary", "auc"], "class_weight": "balanced", "label_smoothing": 0.1},
    ),
    "one value": Training(top=Layer(1), targets="one value", net={"cost": "huber"}),
    "metrics of regression": Training(
        top=Layer(CLASSES, "identity"),
        targets="values",
        net={"cost": "quadratic"},
        fit={"metrics": ["mae", "rmse"]},
    ),
}
INITIALIZERS = {
    f"initializer {name}": Training(net={"initializer": name})
    for name in (
        *("standard_normal", "scaled_normal", "glorot_uniform", "glorot_normal"),
        *("he_uniform", "he_normal", "orthogonal", "zeros"),
    )
}
