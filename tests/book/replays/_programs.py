"""A small program of two arms, and samples for it."""

import numpy as np

from benchmarks import book_loops as transcription
from bpnet.book.replays.programs import MONITORED, Arm, Program

ARMS = (
    Arm("default", 0.5, 5.0, 3, 6, monitored=MONITORED),
    Arm("large", 0.25, 0.0, 2, 6, large=True, anew=False, on_test=True, monitored=MONITORED),
    Arm("few", 0.5, 0.1, 2, 6, images=20, monitored=("training cost",)),
)
PROGRAM = Program("small", "Small", ARMS)


def data():
    """Lists to train on, to validate and to test."""
    rng = np.random.default_rng(2)

    def columns(n):
        return rng.uniform(0.0, 1.0, (n, 784, 1)).astype(np.float32)

    digits = rng.integers(0, 10, 43)
    training = [
        (x, transcription.vectorized_result(digit))
        for x, digit in zip(columns(43), digits, strict=True)
    ]
    validation = list(zip(columns(11), rng.integers(0, 10, 11), strict=True))
    test = list(zip(columns(9), rng.integers(0, 10, 9), strict=True))
    return training, validation, test
