"""Wrong labels found by the norms of their gradients: 1 % are planted, and looked for.

``python examples/mislabelled_digits.py [--data DIRECTORY] [--picture FILE]``: the digits that come
with bpnet, or MNIST's 60,000 training images in a directory.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _mnist import samples

import bpnet
from bpnet.data import load_digits

PLANTED = 0.01  # share of the labels that are made wrong
LOOKED_AT = (0.01, 0.02, 0.03, 0.05)  # shares of the examples, those of the largest norms
NETWORKS = 3
EPOCHS = {"digits": 20, "mnist": 4}

Array = np.ndarray[Any, Any]


def all_digits() -> tuple[Array, Array]:
    """The 1,797 digits that come with bpnet."""
    digits = load_digits()
    parts = zip(digits.train, digits.validation, digits.test, strict=True)
    x, y = (np.concatenate(part) for part in parts)
    return x, y


def plant(y: Array, seed: int) -> tuple[Array, Array]:
    """Labels of which a share is another digit, and the rows of these."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(y), round(PLANTED * len(y)), replace=False)
    labels = y.copy()
    labels[rows] = (y[rows] + rng.integers(1, 10, len(rows))) % 10
    return labels, rows


def norms(x: Array, labels: Array, *, epochs: int, seed: int) -> Array:
    """Norm of each example's gradient after a brief training: the median of three networks.

    An example that one of them has learned by heart stands out in the others.
    """
    found, sizes = [], [x.shape[1], 30, 10]
    for one in range(seed, seed + NETWORKS):
        net = bpnet.Network(sizes, activations="relu", cost="log_likelihood", seed=one)
        net.fit(x, labels, epochs=epochs, batch_size=32, optimizer=bpnet.SGD(0.1))
        found.append(bpnet.per_example_norms(net, x, labels).total)
    return np.median(found, axis=0)


def found(norm: Array, planted: Array) -> dict[float, float]:
    """Share of the planted labels among the examples of the largest norms."""
    order = np.argsort(-norm)
    return {
        share: float(np.isin(planted, order[: round(share * len(norm))]).mean())
        for share in LOOKED_AT
    }


def draw(path: Path, x: Array, labels: Array, truth: Array, norm: Array) -> None:
    """The 32 examples of the largest norms: the label, and where it is wrong the digit."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    side = int(np.sqrt(x.shape[1]))
    worst = np.argsort(-norm)[:32]
    for axis, row in zip(figure.subplots(4, 8).flat, worst, strict=True):
        axis.imshow(x[row].reshape(side, side), cmap="gray_r")
        wrong = labels[row] != truth[row]
        title = f"labelled {labels[row]}" + (f", is {truth[row]}" if wrong else "")
        axis.set_title(title, color="#cc6677" if wrong else "#4477aa", fontsize=8)
        axis.set_axis_off()
    figure.savefig(path, dpi=120)


def main(arguments: Sequence[str] | None = None) -> dict[float, float]:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, help="MNIST's folder; else bpnet's own digits")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", type=Path, help="file for a picture of the worst")
    options = parser.parse_args(arguments)
    x, y = samples(options.data, held_out=False)[0] if options.data else all_digits()
    labels, planted = plant(y, options.seed)
    epochs = EPOCHS["mnist" if options.data else "digits"]
    norm = norms(x, labels, epochs=epochs, seed=options.seed)
    shares = found(norm, planted)
    print(f"{len(planted)} of {len(y):,} labels are wrong")
    print("examples looked at   wrong labels among them")
    for share, recovered in shares.items():
        print(f"{round(share * len(y)):>9,} ({share:.0%}) {recovered:>18.1%}")
    if options.picture:
        draw(options.picture, x, labels, y, norm)
    return shares


if __name__ == "__main__":
    main()
