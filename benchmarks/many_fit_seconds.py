"""Seconds of many fits, and whether their bits are the same."""

from __future__ import annotations

import hashlib
import os
import time
from typing import Any

__all__ = ["HOW", "fits", "loop"]

HOW: dict[str, dict[str, Any]] = {
    "five seeds": {"seeds": 5},
    "four folds": {"folds": 4},
    "five folds": {"folds": 5},
}


def fits(how: str, jobs: int, epochs: int) -> dict[str, Any]:
    """`bpnet.fit_many` with new processes; to be called in a child."""
    import bpnet

    _free()
    net, x, y = _problem()
    began = time.perf_counter()
    found = bpnet.fit_many(net, x, y, epochs=epochs, n_jobs=jobs, **_SETTINGS, **HOW[how])
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "digest": _digest(found.networks)}


def loop(epochs: int) -> float:
    """Five seeds by plain fits, one after another, with the threads of the child."""
    import bpnet

    _free()
    net, x, y = _problem()
    began = time.perf_counter()
    for seed in range(5):
        one = bpnet.Network(net.sizes, activations="relu", cost="log_likelihood", seed=seed)
        one.fit(x, y, epochs=epochs, progress=False, **_SETTINGS)
    return time.perf_counter() - began


_SETTINGS: dict[str, Any] = {"batch_size": 64, "optimizer": "adam"}


def _problem() -> Any:
    import numpy as np

    import bpnet

    normal = np.random.default_rng(0).normal
    x = normal(size=(8000, 784)).astype(np.float32)
    y = (x @ normal(size=(784, 10))).argmax(axis=1)
    return (
        bpnet.Network([784, 256, 128, 10], activations="relu", cost="log_likelihood", seed=0),
        x,
        y,
    )


def _free() -> None:
    if hasattr(os, "sched_setaffinity"):  # a child has one core for each of its threads
        os.sched_setaffinity(0, range(os.cpu_count() or 1))


def _digest(networks: Any) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for net in networks:
        for array in (*net.weights, *net.biases):
            digest.update(array.tobytes())
    return digest.hexdigest()
