"""What the recipes share: their samples, and their command line."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import bpnet
from bpnet.data import load_mnist

__all__ = ["main", "samples", "train"]

DATA = Path(os.environ.get("BPNET_DATA", "data"), "mnist")

Pair = tuple[np.ndarray, np.ndarray]


def samples(directory: Path, *, held_out: bool) -> tuple[Pair, Pair]:
    """Those to train on and those to judge by.

    All 60,000 training images and the 10,000 test images; or, to choose settings by, the first
    50,000 training images and the other 10,000 of them.
    """
    mnist = load_mnist(directory)
    if held_out:
        return mnist.train, mnist.validation
    both = zip(mnist.train, mnist.validation, strict=True)
    x, y = (np.concatenate(parts) for parts in both)
    return (x, y), mnist.test


def train(
    network: Callable[[int], bpnet.Network],
    settings: Callable[[int, int], dict[str, Any]],
    to_train: Pair,
    to_judge: Pair,
    *,
    epochs: int,
    seed: int,
) -> tuple[bpnet.Network, bpnet.History, dict[str, Any]]:
    """One training, and a record of it; the accuracy is that of the last epoch's parameters."""
    net = network(seed)
    chosen = settings(len(to_train[0]), epochs)
    begun = time.perf_counter(), time.process_time()
    history = net.fit(*to_train, **chosen, validation=to_judge)
    seconds = time.perf_counter() - begun[0], time.process_time() - begun[1]
    record = {
        "network": repr(net),
        "settings": {name: _plain(value) for name, value in chosen.items()},
        "samples": len(to_train[0]),
        "seed": seed,
        "accuracy": net.accuracy(*to_judge),
        "accuracies": history["validation_accuracy"],
        "train_accuracy": history["train_accuracy"][-1],
        "seconds": round(seconds[0], 1),
        "processor_seconds": round(seconds[1], 1),
    }
    return net, history, record


def main(
    network: Callable[[int], bpnet.Network],
    settings: Callable[[int, int], dict[str, Any]],
    epochs: int,
    arguments: list[str] | None = None,
) -> None:
    """Train as the command line says, tell the accuracy, and write what was asked for.

    Parameters
    ----------
    network : callable
        ``network(seed)``, untrained.
    settings : callable
        ``settings(n, epochs)``: the arguments of `Network.fit` for n samples.
    epochs : int
        Unless the command line says otherwise.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=DATA, help=f"MNIST's folder, else {DATA}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=epochs, help=f"by default {epochs}")
    parser.add_argument(
        "--held-out",
        action="store_true",
        help="train on 50,000 images and judge by the other 10,000 training images",
    )
    parser.add_argument("--limit", type=int, help="train on the first so many images only")
    parser.add_argument("--model", type=Path, help="file for the trained network")
    parser.add_argument("--record", type=Path, help="file for a record of the training, in JSON")
    options = parser.parse_args(arguments)
    (x, y), to_judge = samples(options.data, held_out=options.held_out)
    net, _, record = train(
        network,
        settings,
        (x[: options.limit], y[: options.limit]),
        to_judge,
        epochs=options.epochs,
        seed=options.seed,
    )
    what = "held-out" if options.held_out else "test"
    print(f"{net!r}\n{what} accuracy {record['accuracy']:.2%} after {record['seconds']:.0f} s")
    if options.model:
        net.save(options.model)
    if options.record:
        options.record.write_text(json.dumps(record), encoding="utf-8")


def _plain(value: Any) -> Any:
    """For JSON: numbers as they are, an optimizer as its expression."""
    return value if isinstance(value, int | float) else repr(value)
