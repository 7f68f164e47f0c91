"""A grid search in one process and in two: ``python -m benchmarks.searches``.

Of bpnet's classifier and of scikit-learn's, on digits, one BLAS thread for each process. The
workers of each search are new ones: what they import counts. Beside the seconds stand those of all
processors, which tell what the second process costs where a machine has other work as well.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

from . import machine, report
from .children import ROOT, Child, call
from .search_seconds import PACKAGES, search

__all__ = ["main", "summary"]


def summary(rounds: list[dict[int, dict[str, float]]]) -> dict[str, Any]:
    """Medians of each number of processes, and of what two take in units of one."""
    kinds = rounds[0][1]
    return {
        kind: {
            "one": round(statistics.median(each[1][kind] for each in rounds), 2),
            "two": round(statistics.median(each[2][kind] for each in rounds), 2),
            "ratio": round(statistics.median(each[2][kind] / each[1][kind] for each in rounds), 3),
        }
        for kind in kinds
    }


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.searches", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--only", nargs="+", choices=PACKAGES, default=list(PACKAGES))
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    options = parser.parse_args(arguments)
    about = call(1, machine.facts, 1)
    print(machine.describe(about), end="\n\n")
    found: dict[str, list[dict[int, dict[str, float]]]] = {name: [] for name in options.only}
    with Child(1) as child:
        for _ in range(options.rounds):
            for name, rounds in found.items():
                rounds.append({n: child.call(search, name, n, options.epochs) for n in (1, 2)})
                print(name, rounds[-1], flush=True)
    record = {
        "machine": about,
        "epochs": options.epochs,
        "searches": {name: summary(rounds) for name, rounds in found.items()},
    }
    path = report.write(options.out, "searches", record)
    print(f"{record['searches']}\n\nwrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
