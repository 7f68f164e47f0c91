"""bpnet's estimators beside scikit-learn's: ``python -m benchmarks.estimators``.

The data that comes with scikit-learn, default parameters, several seeds: a quarter of the samples
is held out, features are standardized (and targets of a regression), and both are fitted one after
the other in one process, in turns. The first fit of each is not counted.
"""

from __future__ import annotations

import argparse
import gc
import math
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from . import machine, report
from .children import ROOT, Child, call

__all__ = ["DATA", "compare", "main", "run", "table"]

# name: (function of sklearn.datasets, its arguments, estimator)
DATA: dict[str, tuple[str, dict[str, Any], str]] = {
    "iris": ("load_iris", {}, "MLPClassifier"),
    "wine": ("load_wine", {}, "MLPClassifier"),
    "breast cancer": ("load_breast_cancer", {}, "MLPClassifier"),
    "digits": ("load_digits", {}, "MLPClassifier"),
    "diabetes": ("load_diabetes", {}, "MLPRegressor"),
    "moons": ("make_moons", {"n_samples": 2000, "noise": 0.3}, "MLPClassifier"),
    "circles": ("make_circles", {"n_samples": 2000, "noise": 0.1}, "MLPClassifier"),
    "blobs": ("make_blobs", {"n_samples": 2000, "cluster_std": 4.0}, "MLPClassifier"),
    "classification": ("make_classification", {"n_samples": 2000}, "MLPClassifier"),
    "hastie": ("make_hastie_10_2", {"n_samples": 4000}, "MLPClassifier"),
    "regression": ("make_regression", {"n_samples": 2000, "noise": 10.0}, "MLPRegressor"),
    "friedman 1": ("make_friedman1", {"n_samples": 2000, "noise": 1.0}, "MLPRegressor"),
}


def compare(name: str, seed: int) -> dict[str, dict[str, float]]:
    """Scores on held-out samples, and seconds of the fits; to be called in a child."""
    import sklearn.neural_network
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    import bpnet

    warnings.simplefilter("ignore")
    X, y, kind = _samples(name)
    rows = train_test_split(X, y, random_state=seed, stratify=y if "Class" in kind else None)
    scaler = StandardScaler().fit(rows[0])
    X_train, X_test = map(scaler.transform, rows[:2])
    packages = {"bpnet": bpnet, "scikit-learn": sklearn.neural_network}
    names = list(packages) if seed % 2 else list(packages)[::-1]
    found = {}
    for package in names:
        estimator = getattr(packages[package], kind)
        estimator(random_state=0, max_iter=2).fit(X_train, rows[2])  # imports, and a cold cache
        gc.collect()
        began = time.perf_counter()
        fitted = estimator(random_state=seed).fit(X_train, rows[2])
        seconds = time.perf_counter() - began
        found[package] = {
            "score": float(fitted.score(X_test, rows[3])),
            "seconds": seconds,
            "epochs": fitted.n_iter_,
            "loss": float(fitted.loss_),
        }
    return found


def _samples(name: str) -> tuple[Any, Any, str]:
    from sklearn import datasets

    function, options, kind = DATA[name]
    make: Callable[..., Any] = getattr(datasets, function)
    if function.startswith("load"):
        X, y = make(return_X_y=True)
    else:
        X, y = make(**options, random_state=0)
    if kind == "MLPRegressor":
        y = (y - y.mean()) / y.std()
    return X, y, kind


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
            X, _, kind = _samples(name)
            found[name] = {"estimator": kind, "shape": list(X.shape), **_summary(fits)}
            yield found


def _summary(fits: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
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
