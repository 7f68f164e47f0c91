"""bpnet's estimators beside scikit-learn's: ``python -m benchmarks.estimators``.

The data that comes with scikit-learn, default parameters, several seeds: a quarter of the samples
is held out, features are standardized (and targets of a regression), and both are fitted one after
the other in one process, in turns. The first fit of each is not counted.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from . import machine, report
from .children import ROOT, Child, call
from .estimator_fits import DATA, compare, samples

__all__ = ["main", "run", "summary", "table"]


def run(names: Sequence[str], seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    """All data with all seeds: the record so far, after each."""
    found: dict[str, Any] = {}
    with Child(1) as child, tqdm(total=len(names) * len(seeds), unit="seed") as bar:
        for name in names:
            bar.set_description(name)
            fits = []
            for seed in seeds:
                fits.append(child.call(compare, name, seed))
                bar.update()
            X, _, kind = samples(name)
            found[name] = {"estimator": kind, "shape": list(X.shape), **summary(fits)}
            yield found


def summary(fits: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Means, the standard error of the difference, and the median ratio of the times."""
    scores = {one: [fit[one]["score"] for fit in fits] for one in fits[0]}
    seconds = {one: [fit[one]["seconds"] for fit in fits] for one in fits[0]}
    ratios = [a / b for a, b in zip(seconds["bpnet"], seconds["scikit-learn"], strict=True)]
    spread = statistics.stdev(scores["scikit-learn"]) if len(fits) > 1 else 0.0
    return {
        "score": {one: round(statistics.fmean(each), 5) for one, each in scores.items()},
        "standard error": round(spread / math.sqrt(len(fits)), 5),
        "largest difference of a score": max(
            abs(a - b) for a, b in zip(scores["bpnet"], scores["scikit-learn"], strict=True)
        ),
        "largest difference of a loss": max(
            abs(fit["bpnet"]["loss"] - fit["scikit-learn"]["loss"]) for fit in fits
        ),
        "same number of epochs": sum(
            fit["bpnet"]["epochs"] == fit["scikit-learn"]["epochs"] for fit in fits
        ),
        "seconds": {one: round(statistics.median(each), 4) for one, each in seconds.items()},
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(one, 3) for one in ratios],
    }


def table(found: dict[str, Any]) -> str:
    """A line for each data set."""
    head = ["data", "rows", "bpnet", "scikit-learn", "+-", "s bpnet", "s scikit-learn", "ratio"]
    rows = [
        [
            name,
            str(one["shape"][0]),
            f"{one['score']['bpnet']:.4f}",
            f"{one['score']['scikit-learn']:.4f}",
            f"{one['standard error']:.4f}",
            f"{one['seconds']['bpnet']:.3f}",
            f"{one['seconds']['scikit-learn']:.3f}",
            f"{one['ratio']:.2f}",
        ]
        for name, one in found.items()
    ]
    return report.table(head, rows)


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimators", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=DATA, default=list(DATA), metavar="DATA")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(10)))
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    options = parser.parse_args(arguments)
    about = call(1, machine.facts, 1)
    print(machine.describe(about), end="\n\n")
    for found in run(options.only, options.seeds):
        record = {"machine": about, "seeds": options.seeds, "data": found}
        path = report.write(options.out, "estimators", record)
    print(f"{table(found)}\n\nwrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
