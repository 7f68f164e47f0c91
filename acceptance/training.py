"""Training on a target, and comparing with the CPU."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import bpnet

from .plan import CPU, Plan, Target, target_text
from .section import Section

__all__ = [
    "ACCURACY_TOLERANCE",
    "TOLERANCE",
    "all_parameters",
    "compare_accuracy",
    "flattened",
    "placed_on",
    "relative_difference",
    "train",
]

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
ACCURACY_TOLERANCE = 0.02


def placed_on(target: Target) -> dict[str, str]:
    """Arguments of `bpnet.Network` that place it."""
    return dict(zip(("backend", "device"), target, strict=True))


def train(
    target: Target,
    samples: tuple[Any, Any],
    *,
    sizes: list[int],
    epochs: int,
    batch: int,
    learning_rate: float,
    **options: Any,
) -> bpnet.Network:
    """A network trained by SGD."""
    net = bpnet.Network(sizes, seed=0, **options, **placed_on(target))
    optimizer = bpnet.SGD(learning_rate)
    net.fit(*samples, epochs=epochs, batch_size=batch, optimizer=optimizer, progress=False)
    return net


def compare_accuracy(plan: Plan, section: Section, what: str, data: Any, **options: Any) -> None:
    """Accuracy on the test samples, of NumPy on the CPU and of each target."""
    rows = plan.size(len(data.train[1]), 200)
    samples = tuple(part[:rows] for part in data.train)
    figures = section.figures.setdefault(what, {})
    for target in (CPU, *plan.targets):
        began = time.perf_counter()
        net = train(target, samples, **options)
        seconds = time.perf_counter() - began
        accuracy = net.accuracy(*data.test)
        figures[target_text(target)] = {"accuracy": accuracy, "seconds": seconds}
        difference = abs(accuracy - figures[target_text(CPU)]["accuracy"])
        section.check(
            f"{what}, {target_text(target)}: accuracy as on the CPU",
            difference <= ACCURACY_TOLERANCE,
            accuracy=accuracy,
            seconds=seconds,
        )


def flattened(net: bpnet.Network, arrays: list[Any]) -> Any:
    """Arrays of a network in one NumPy vector."""
    with net.backend.scope():
        return np.concatenate([net.backend.to_numpy(one).ravel() for one in arrays])


def all_parameters(net: bpnet.Network) -> Any:
    """Weights, then biases, in one NumPy vector."""
    return np.concatenate([flattened(net, net.weights), flattened(net, net.biases)])


def relative_difference(found: Any, expected: Any) -> float:
    """Euclidean distance in units of the expected vector."""
    found, expected = found.astype(np.float64), expected.astype(np.float64)
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))
