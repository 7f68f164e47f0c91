"""How well the recipes of ``examples/`` learn MNIST: ``python -m benchmarks.quality``.

Each recipe is trained once a seed, in a process of its own, on the 60,000 training images; what
counts is the accuracy on the 10,000 test images after the last epoch.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from . import machine, report
from .children import ROOT, all_threads, call, environment
from .figure import MINE, new_figure

__all__ = ["GOALS", "Goal", "draw", "main", "run", "summary", "table", "train"]

EXAMPLES = ROOT / "examples"
DATA = Path(os.environ.get("BPNET_DATA", ROOT.parent / "shared" / "data"), "mnist")
COLORS = ("#8a8a8a", "#cc6677", MINE)


@dataclass(frozen=True)
class Goal:
    """A recipe, and the mean accuracy that it has to reach."""

    recipe: str
    at_least: float


GOALS = [Goal("mnist_l2", 0.978), Goal("mnist_dropout", 0.984), Goal("mnist_best", 0.989)]


def train(recipe: str, seed: int, threads: int, data: Path, *more: str) -> dict[str, Any]:
    """What a recipe's training came to."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.json"
        command = [sys.executable, str(EXAMPLES / f"{recipe}.py"), "--data", str(data)]
        command += ["--seed", str(seed), "--record", str(path), *more]
        subprocess.run(command, env=environment(threads), stdout=subprocess.DEVNULL, check=True)
        return json.loads(path.read_text(encoding="utf-8"))


def run(
    goals: Sequence[Goal], seeds: Sequence[int], threads: int, data: Path
) -> Iterator[dict[str, Any]]:
    """Every recipe with every seed: the record so far, after each training."""
    found: dict[str, Any] = {}
    with tqdm(total=len(goals) * len(seeds), unit="training", dynamic_ncols=True) as bar:
        for goal in goals:
            trained = []
            for seed in seeds:
                bar.set_description(f"{goal.recipe}, seed {seed}")
                trained.append(train(goal.recipe, seed, threads, data))
                bar.update()
                found[goal.recipe] = summary(goal, trained)
                yield found


def summary(goal: Goal, trained: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One recipe's record."""
    mean = statistics.fmean(one["accuracy"] for one in trained)
    shared = {name: trained[0][name] for name in ("network", "settings", "samples")}
    each = [{name: value for name, value in one.items() if name not in shared} for one in trained]
    return shared | {
        "mean": round(mean, 6),
        "at_least": goal.at_least,
        "reached": mean >= goal.at_least,
        "trainings": each,
    }


def table(found: dict[str, Any]) -> str:
    """A line a recipe."""
    rows = [
        [
            recipe,
            f"{one['mean']:.2%}",
            ", ".join(f"{each['accuracy']:.2%}" for each in one["trainings"]),
            f"{one['at_least']:.1%}",
            "reached" if one["reached"] else "missed",
            f"{statistics.fmean(each['seconds'] for each in one['trainings']):.0f}",
        ]
        for recipe, one in found.items()
    ]
    return report.table(["recipe", "mean", "each seed", "at least", "", "seconds"], rows)


def draw(folder: Path, found: dict[str, Any]) -> None:
    """``quality.png``: the accuracy after each epoch, a line a seed."""
    picture = new_figure((6.4, 4.0))
    if picture is None:
        return
    axis = picture.subplots()
    for (recipe, one), color in zip(found.items(), COLORS, strict=False):
        for each in one["trainings"]:
            accuracies = [100.0 * accuracy for accuracy in each["accuracies"]]
            axis.plot(range(1, len(accuracies) + 1), accuracies, color=color, linewidth=1)
        label = f"{recipe}: {one['mean']:.2%}"
        axis.axhline(100.0 * one["at_least"], color=color, linestyle=":", linewidth=1)
        axis.plot([], [], color=color, label=label)
    axis.set(xlabel="epoch", ylabel="test accuracy in %", ylim=(96.5, 99.25))
    axis.set_xlim(left=1)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, loc="lower right", title="last epoch, mean; its bar is dotted")
    picture.savefig(folder / "quality.png", dpi=150)


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; 0 if every accuracy was reached."""
    recipes = [goal.recipe for goal in GOALS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=recipes, default=recipes, metavar="RECIPE")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=all_threads())
    parser.add_argument("--data", type=Path, default=DATA, help=f"MNIST's folder, else {DATA}")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    options = parser.parse_args(arguments)
    about = call(options.threads, machine.facts, options.threads)
    print(machine.describe(about), end="\n\n")
    goals = [goal for goal in GOALS if goal.recipe in options.only]
    for found in run(goals, options.seeds, options.threads, options.data):
        path = report.write(options.out, "quality", {"machine": about, "recipes": found})
    draw(options.out, found)
    print(f"{table(found)}\n\nwrote {path}")
    return int(not all(one["reached"] for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
