"""The best that is known here without convolution and without other data than MNIST's.

Five layers, batch normalization, dropout, noise on the pixels, AdamW at a rate that sinks to zero.

``python examples/mnist_best.py --data DIRECTORY``
"""

from __future__ import annotations

import math
from typing import Any

from _mnist import main

import bpnet
from bpnet.schedules import Cosine

EPOCHS, BATCH = 40, 128


def network(seed: int) -> bpnet.Network:
    hidden = [
        bpnet.Layer(size, activation="relu", normalization="batch", dropout=0.2)
        for size in (1000, 500, 250, 250, 250)
    ]
    layers = [bpnet.Layer(784, noise=0.3), *hidden, 10]
    return bpnet.Network(layers, cost="log_likelihood", seed=seed)


def settings(n: int, epochs: int = EPOCHS) -> dict[str, Any]:
    steps = epochs * math.ceil(n / BATCH)
    return {
        "epochs": epochs,
        "batch_size": BATCH,
        "optimizer": bpnet.AdamW(Cosine(0.002, steps=steps), weight_decay=0.01),
    }


if __name__ == "__main__":
    main(network, settings, EPOCHS)
