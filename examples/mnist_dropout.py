"""784-512-512-10 with dropout, 20 epochs: the net of Keras's example; the rate sinks to zero.

``python examples/mnist_dropout.py --data DIRECTORY``
"""

from __future__ import annotations

import math
from typing import Any

from _mnist import main

import bpnet
from bpnet.schedules import Cosine

EPOCHS, BATCH = 20, 128


def network(seed: int) -> bpnet.Network:
    hidden = bpnet.Layer(512, activation="relu", dropout=0.4)
    return bpnet.Network([784, hidden, hidden, 10], cost="log_likelihood", seed=seed)


def settings(n: int, epochs: int = EPOCHS) -> dict[str, Any]:
    steps = epochs * math.ceil(n / BATCH)
    return {
        "epochs": epochs,
        "batch_size": BATCH,
        "optimizer": bpnet.Adam(Cosine(0.002, steps=steps)),
    }


if __name__ == "__main__":
    main(network, settings, EPOCHS)
