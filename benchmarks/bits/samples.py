"""Seeded samples and targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = [
    *("BATCH", "CLASSES", "HELD", "ROWS", "SAMPLES", "SEED", "TARGETS", "WIDTH"),
    *("Data", "data_of"),
]

SEED = 7
WIDTH, CLASSES = 16, 4  # of all layers but the output's, so that any may be residual
SAMPLES, HELD, BATCH = 203, 45, 16  # the last mini-batch has 11 samples
ROWS = 9000  # of a stream: more than one buffer


class Data(NamedTuple):
    """Samples to train on, and others to judge by."""

    x: np.ndarray
    y: np.ndarray
    held: tuple[np.ndarray, np.ndarray]


# Without functions of a mathematical library, so that data are the same everywhere.
TARGETS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "labels": lambda x: x[:, :CLASSES].argmax(axis=1),
    "bits": lambda x: (x[:, :CLASSES] > 0.3).astype(np.float64),
    "counts": lambda x: np.floor(np.abs(2.0 * x[:, :CLASSES])),
    "values": lambda x: x[:, :CLASSES] * x[:, CLASSES : 2 * CLASSES] + 0.5,
    "rows of labels": lambda x: np.eye(CLASSES)[x[:, :CLASSES].argmax(axis=1)],
    "two labels": lambda x: (x[:, 0] > x[:, 1] * x[:, 2]).astype(np.int64),
    "one value": lambda x: x[:, 0] * x[:, 1] + 0.5,
}


def data_of(targets: str = "labels", samples: int = SAMPLES, width: int = WIDTH) -> Data:
    """Seeded data, float64."""
    x = np.random.default_rng(SEED).uniform(-1.5, 1.5, (samples + HELD, width))
    y = TARGETS[targets](x)
    return Data(x[:samples], y[:samples], (x[samples:], y[samples:]))
