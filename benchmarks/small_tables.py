"""How well small tables are learnt: ``python -m benchmarks.small_tables``.

Three ways on the same rows: the defaults for small tables, where folds choose the number of epochs;
early stopping on a tenth of the rows, the way of larger tables; and scikit-learn's MLPClassifier or
MLPRegressor with its defaults, numbers standardized, texts one-hot, the target standardized. Every
row of a table is tested once a seed, by five outer folds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from . import machine, report
from .children import ROOT, Child, call
from .peers import AbsentError
from .public_tables import TABLES, PublicTable
from .table_fits import OUTER_FOLDS, train

__all__ = ["WAYS", "main", "run", "summary", "table"]

WAYS = ("folds", "held out", "scikit-learn")


def run(
    tables: Sequence[PublicTable], folder: str, seeds: Sequence[int], ways: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Every table in every way: the record so far, after each table."""
    found: dict[str, Any] = {}
    with (
        Child(1) as child,
        tqdm(total=len(tables) * len(ways) * len(seeds) * OUTER_FOLDS, unit="fit") as bar,
    ):
        for one in tables:
            bar.set_description(one.name)
            trained: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
            try:
                for seed in seeds:
                    for outer in range(OUTER_FOLDS):
                        for way in ways:  # side by side, for the sake of the seconds
                            trained[way].append(
                                child.call(train, one.name, folder, way, seed, outer)
                            )
                            bar.update()
                found[one.name] = summary(one, trained)
            except AbsentError as error:
                found[one.name] = {"skipped": str(error)}
                bar.update(len(ways) * len(seeds) * OUTER_FOLDS)
            yield found


def summary(one: PublicTable, trained: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """A table's record: means over all outer folds, and those of each seed."""

    def mean(way: str, what: str) -> float:
        return round(statistics.fmean(each[what] for each in trained[way]), 5)

    def of_each_seed(way: str) -> list[float]:
        scores = [each["score"] for each in trained[way]]
        starts = range(0, len(scores), OUTER_FOLDS)
        return [round(statistics.fmean(scores[k : k + OUTER_FOLDS]), 5) for k in starts]

    return {
        "source": f"{one.source}: {one.item}",
        "task": one.task,
        "ways": {
            way: {
                "score": mean(way, "score"),
                "log_loss": mean(way, "loss") if one.task == "classification" else None,
                "seconds": round(statistics.median(each["seconds"] for each in trained[way]), 3),
                "epochs": statistics.median(each["epochs"] for each in trained[way]),
                "score_of_each_seed": of_each_seed(way),
            }
            for way in trained
        },
    }


def table(found: dict[str, Any]) -> str:
    """A line a table: accuracy or R^2, log loss and seconds of each way."""
    measured = {name: one["ways"] for name, one in found.items() if "ways" in one}
    ways = next(iter(measured.values()), {})
    head = [
        "accuracy or R2",
        *ways,
        *(f"loss {way}" for way in ways),
        *(f"s {way}" for way in ways),
    ]
    rows = [
        [
            name,
            *(f"{one['score']:.3f}" for one in each.values()),
            *("" if one["log_loss"] is None else f"{one['log_loss']:.3f}" for one in each.values()),
            *(f"{one['seconds']:.2f}" for one in each.values()),
        ]
        for name, each in measured.items()
    ]
    skipped = [f"{name}: {one['skipped']}" for name, one in found.items() if "skipped" in one]
    return "\n".join([report.table(head, rows), *skipped])


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    names = [one.name for one in TABLES]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.small_tables", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="TABLE")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), metavar="WAY")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument(
        "--tables", default="", metavar="DIR", help="folder of the tables of R packages, as CSV"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    options = parser.parse_args(arguments)
    about = call(1, machine.facts, 1)
    print(machine.describe(about), end="\n\n")
    tables = [one for one in TABLES if one.name in options.only]
    for found in run(tables, options.tables, options.seeds, options.ways):
        record = {"machine": about, "seeds": options.seeds, "tables": found}
        path = report.write(options.out, "small-tables", record)
    print(f"{table(found)}\n\nwrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
