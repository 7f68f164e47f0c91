"""784-100-10, rectifiers, cross-entropy and L2; the rate sinks to zero.

``python examples/mnist_l2.py --data DIRECTORY``
"""

from __future__ import annotations

import math
from typing import Any

from _mnist import main

import bpnet
from bpnet.schedules import Cosine

EPOCHS, BATCH = 20, 32


def network(seed: int) -> bpnet.Network:
    return bpnet.Network([784, 100, 10], activations="relu", cost="log_likelihood", seed=seed)


def settings(n: int, epochs: int = EPOCHS) -> dict[str, Any]:
    steps = epochs * math.ceil(n / BATCH)
    return {
        "epochs": epochs,
        "batch_size": BATCH,
        "optimizer": bpnet.Momentum(Cosine(0.05, steps=steps)),
        "l2": 1e-4,  # the book's lmbda over n
    }


if __name__ == "__main__":
    main(network, settings, EPOCHS)
