"""Differentially private training: what the guarantee costs in accuracy.

``python examples/private_digits.py [--data DIRECTORY]``: on the digits that come with bpnet, or on
MNIST in a directory. The epsilons need dp-accounting.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpnet
from bpnet.data import load_digits, load_mnist

NOISE = (0.0, 1.0, 2.0, 4.0)  # standard deviations, in units of the clipping norm

DIGITS: dict[str, Any] = {"sampling_rate": 0.1, "steps": 200, "delta": 1e-4, "learning_rate": 1.0}
MNIST: dict[str, Any] = {"sampling_rate": 0.02, "steps": 1000, "delta": 1e-6, "learning_rate": 1.0}


def main(arguments: Sequence[str] | None = None) -> list[tuple[bpnet.Network, Any, float]]:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, help="MNIST's folder; else bpnet's own digits")
    parser.add_argument("--seed", type=int, help="of samples and noise; known, it protects nobody")
    options = parser.parse_args(arguments)
    data = load_mnist(options.data) if options.data else load_digits()
    settings, hidden = (MNIST, 100) if options.data else (DIGITS, 30)
    (x, y), sizes = data.train, [data.train[0].shape[1], hidden, 10]
    runs = []
    print(f"{len(x):,} examples, {settings['steps']} steps, delta {settings['delta']:g}")
    print("noise   epsilon   test accuracy")
    for noise in NOISE:
        net = bpnet.Network(sizes, activations="tanh", cost="log_likelihood", seed=0)
        given = {**settings, "clip_norm": 1.0, "noise_multiplier": noise, "seed": options.seed}
        run = bpnet.private_sgd(net, x, y, **given)
        accuracy = net.accuracy(*data.test)
        print(f"{noise:>5.1f} {run.epsilon:>9.2f} {accuracy:>15.2%}")
        runs.append((net, run, accuracy))
    return runs


if __name__ == "__main__":
    main()
