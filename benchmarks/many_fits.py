"""Many fits one after another and in two processes: ``python -m benchmarks.many_fits``.

Five seeds, and folds, of a network of 784-256-128-10 on 8,000 samples. Each process has one BLAS
thread. The processes of each call are new ones: what they import counts. Five plain fits with two
BLAS threads stand beside: what one process makes of two cores.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

from . import machine, report
from .children import ROOT, Child, call
from .many_fit_seconds import HOW, fits, loop

__all__ = ["main", "summary"]


def summary(rounds: list[dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """Median seconds of one and of two processes, their ratio, and whether all bits are equal."""
    return {
        "one": round(statistics.median(each["1"]["seconds"] for each in rounds), 2),
        "two": round(statistics.median(each["2"]["seconds"] for each in rounds), 2),
        "ratio": round(
            statistics.median(each["2"]["seconds"] / each["1"]["seconds"] for each in rounds), 3
        ),
        "same bits": len({one["digest"] for each in rounds for one in each.values()}) == 1,
    }


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; 0 if the bits are the same."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many_fits", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--only", nargs="+", choices=HOW, default=list(HOW))
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    options = parser.parse_args(arguments)
    about = call(1, machine.facts, 1)
    print(machine.describe(about), end="\n\n")
    found: dict[str, list[Any]] = {name: [] for name in options.only}
    loops = []
    with Child(1) as child, Child(2) as other:
        for _ in range(options.rounds):
            for name, rounds in found.items():
                rounds.append({str(n): child.call(fits, name, n, options.epochs) for n in (1, 2)})
                print(name, rounds[-1], flush=True)
            loops.append(other.call(loop, options.epochs))
            print("five seeds, plain fits with two threads", loops[-1], flush=True)
    record: dict[str, Any] = {
        "machine": about,
        "epochs": options.epochs,
        "fits": {name: summary(rounds) for name, rounds in found.items()},
        "five seeds, plain fits with two threads": round(statistics.median(loops), 2),
    }
    path = report.write(options.out, "many-fits", record)
    print(f"{record['fits']}\n\nwrote {path}")
    return 0 if all(one["same bits"] for one in record["fits"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
