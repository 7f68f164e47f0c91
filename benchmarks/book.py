"""The accuracies in the text of the book, and the time of its loops: ``python -m benchmarks.book``.

Each network of the text is trained on MNIST by the book's modules of this package, with a seed, as
the text's runs had none. Accuracies of single runs differ by some tenths of a percent: with 10,000
images the standard error of 98 % is 0.14 %, and starts differ as well. In chapter 1 a start may
fail, by a digit that is never recognized. Its networks start several times; the best one counts.

    python -m benchmarks.book                                  all runs, some minutes
    python -m benchmarks.book --only chapter-1-30 --seeds 0 1
    python -m benchmarks.book --speed                          an epoch beside the book's own loops
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from bpnet.book import mnist_loader, network, network2

from . import book_loops, clock, machine, report
from .children import ROOT, call

__all__ = ["RUNS", "Run", "main", "speed", "table", "train"]

DATA = Path(os.environ.get("BPNET_DATA", ROOT.parent / "shared" / "data"), "mnist")
SEED = 12345678
WITHIN = 0.3
"""Points of a percent by which an accuracy may be less than the text's."""


@dataclass(frozen=True)
class Run:
    """A network of the text.

    ``cost`` is that of chapter 1 where it is quadratic: the module is ``network`` then, and the
    images are those to test; otherwise ``network2``, and the images to validate.
    """

    name: str
    sizes: tuple[int, ...]
    epochs: int
    eta: float
    percent: float
    where: str
    cost: str = "cross-entropy"
    lmbda: float = 5.0
    large: bool = False
    best: bool = False  # what the text has is the best epoch's, not the last one's
    starts: int = 1


RUNS = [
    Run(
        "chapter-1-30", (784, 30, 10), 30, 3.0, 95.42, "chapter 1", "quadratic", 0.0, False, True, 5
    ),
    Run(
        "chapter-1-100",
        (784, 100, 10),
        30,
        3.0,
        96.59,
        "chapter 1",
        "quadratic",
        0.0,
        False,
        True,
        5,
    ),
    Run("chapter-3-eta-0.5", (784, 100, 10), 30, 0.5, 97.92, "chapter 3", large=True, best=True),
    Run("chapter-3-eta-0.1", (784, 100, 10), 60, 0.1, 98.04, "chapter 3", large=True, best=True),
    Run("chapter-5-1", (784, 30, 10), 30, 0.1, 96.48, "chapter 5"),
    Run("chapter-5-2", (784, 30, 30, 10), 30, 0.1, 96.90, "chapter 5"),
    Run("chapter-5-3", (784, 30, 30, 30, 10), 30, 0.1, 96.57, "chapter 5"),
    Run("chapter-5-4", (784, 30, 30, 30, 30, 10), 30, 0.1, 96.53, "chapter 5"),
]


def train(run: Run, seed: int, data: Any, on_epoch: Any = None) -> list[int]:
    """Right answers among 10,000 images after each epoch."""
    training, validation, test = list(data[0]), data[1], data[2]
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the book's stream
    counts = []
    if run.cost == "quadratic":
        net: Any = network.Network(list(run.sizes))
    else:
        net = network2.Network(list(run.sizes), cost=network2.CrossEntropyCost)
        if run.large:
            net.large_weight_initializer()
    for _ in range(run.epochs):
        with contextlib.redirect_stdout(io.StringIO()):
            if run.cost == "quadratic":
                net.SGD(training, 1, 10, run.eta)
                counts.append(net.evaluate(test))
            else:
                net.SGD(training, 1, 10, run.eta, run.lmbda)
                counts.append(net.accuracy(validation))
        if on_epoch is not None:
            on_epoch()
    return counts


def trained(
    runs: Sequence[Run], seeds: Sequence[int] | None, data: Any
) -> Iterator[dict[str, Any]]:
    """The record so far, after each training; by default from as many seeds as a run has starts."""
    found: dict[str, Any] = {}
    chosen = [seeds or range(SEED, SEED + one.starts) for one in runs]
    epochs = sum(one.epochs * len(each) for one, each in zip(runs, chosen, strict=True))
    with tqdm(total=epochs, unit="epoch") as bar:
        for one, seeds_of_run in zip(runs, chosen, strict=True):
            bar.set_description(one.name)
            each = []
            for seed in seeds_of_run:
                began = time.perf_counter()
                counts = train(one, seed, data, bar.update)
                seconds = round(time.perf_counter() - began, 1)
                each.append({"seed": seed, "counts": counts, "seconds": seconds})
                percents = [_percent(one, other["counts"]) for other in each]
                found[one.name] = {
                    "network": "-".join(map(str, one.sizes)),
                    "settings": f"{one.cost}, eta {one.eta:g}, lambda {one.lmbda:g}, "
                    f"{one.epochs} epochs, {'best' if one.best else 'last'} epoch",
                    "text": one.percent,
                    "where": one.where,
                    "percents": percents,
                    "reached": max(percents) >= one.percent - WITHIN,
                    "trainings": each,
                }
                yield found


def _percent(run: Run, counts: Sequence[int]) -> float:
    return (max(counts) if run.best else counts[-1]) / 100.0


def table(found: dict[str, Any]) -> str:
    """A line for each run."""
    rows = [
        [
            one["network"],
            one["settings"],
            f"{one['text']:.2f} %",
            ", ".join(f"{percent:.2f} %" for percent in one["percents"]),
            f"{max(one['percents']) - one['text']:+.2f}",
        ]
        for one in found.values()
    ]
    return report.table(["network", "settings", "text", "here, each start", "best - text"], rows)


def speed(data: Any, rounds: int = 5) -> dict[str, Any]:
    """Seconds of an epoch by this package, and by the book's loops from a 20th of one.

    They take turns in this process; of each the fastest round counts.
    """
    found = {}
    for sizes in ([784, 30, 10], [784, 100, 10], [784, 30, 30, 10]):
        net, loops = network2.Network(sizes), book_loops.Network(sizes)
        samples, n = list(data[0]), len(data[0])
        ours, theirs = [], []
        for _ in range(rounds):
            began = clock.now()
            with contextlib.redirect_stdout(io.StringIO()):
                net.SGD(samples, 1, 10, 0.1, 5.0)
            ours.append(clock.now() - began)
            began = clock.now()
            for start in range(0, n // 20, 10):
                loops.update_mini_batch(samples[start : start + 10], 0.1, 5.0, n)
            theirs.append(20.0 * (clock.now() - began))
        found["-".join(map(str, sizes))] = {
            "package": round(min(ours), 3),
            "loops": round(min(theirs), 3),
            "ratio": round(min(theirs) / min(ours), 2),
        }
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; 0 if every accuracy was reached."""
    names = [one.name for one in RUNS]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.book",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="RUN")
    parser.add_argument("--seeds", nargs="+", type=int, help="instead of those of each run")
    parser.add_argument("--speed", action="store_true", help="measure the time of an epoch instead")
    parser.add_argument("--data", type=Path, default=DATA, help=f"MNIST's folder, else {DATA}")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    options = parser.parse_args(arguments)
    about = call(1, machine.facts, 1)
    print(machine.describe(about), end="\n\n")
    data = mnist_loader.load_data_wrapper(options.data)
    if options.speed:
        found = speed(data)
        path = report.write(options.out, "book-speed", {"machine": about, "epochs": found})
        rows = [[name, *map(str, one.values())] for name, one in found.items()]
        print(report.table(["network", "package, s", "book's loops, s", "ratio"], rows))
        print(f"\nwrote {path}")
        return 0
    runs = [one for one in RUNS if one.name in options.only]
    for found in trained(runs, options.seeds, data):
        path = report.write(options.out, "book", {"machine": about, "runs": found})
    print(f"{table(found)}\n\nwrote {path}")
    return int(not all(one["reached"] for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
