"""How time grows with batch, width, depth and number of samples."""

from __future__ import annotations

import statistics
from itertools import pairwise
from typing import Any

import numpy as np
from tqdm import tqdm

from .bars import Bar
from .cases import Case, from_record
from .children import call
from .clock import seconds_of
from .peers import PEERS
from .report import duration, table

__all__ = ["run"]

# Exponents of the arithmetic's own growth.
ARITHMETIC = {"batch": 1.0, "width": 2.0, "depth": 1.0, "samples": 1.0}
TOLERANCE = 0.05
_SHARE = 2e10  # arithmetic operations of a point's epoch, about


def run(threads: int, quick: bool) -> tuple[dict[str, Any], list[Bar]]:
    """Two decades each, with exponents fitted to the upper one."""
    record: dict[str, Any] = {}
    bars, rows = [], []
    sweeps = _sweeps()
    if quick:
        sweeps = {name: points[::3] for name, points in sweeps.items()}
    with tqdm(total=sum(map(len, sweeps.values())), unit="point", dynamic_ncols=True) as bar:
        for name, points in sweeps.items():
            bar.set_description(name)
            at, mine, floor = [], [], []
            for value, case in points:
                found = call(threads, one_point, case.record(), 2 if quick else 7)
                scale = case.steps if name == "samples" else 1
                at.append(value)
                mine.append(found["bpnet"] * scale)
                floor.append(found["floor"] * scale)
                bar.update()
            exponents = {"bpnet": _exponent(at, mine), "floor": _exponent(at, floor)}
            record[name] = {"at": at, "bpnet_us": mine, "floor_us": floor, "exponents": exponents}
            limit = max(ARITHMETIC[name], exponents["floor"]) + TOLERANCE
            bars.append(Bar(f"exponent of time by {name}", exponents["bpnet"], limit))
            rows += [
                [name if k == 0 else "", f"{value:,}", duration(us), duration(least)]
                for k, (value, us, least) in enumerate(zip(at, mine, floor, strict=True))
            ]
    head = ["microseconds by", "", "bpnet-numpy", "floor"]
    return record | {"table": table(head, rows)}, bars


def one_point(record: dict[str, Any], rounds: int) -> dict[str, float]:
    """Microseconds a step, bpnet's and the floor's, interleaved."""
    case = from_record(record)
    x, labels = case.data()
    mine, floor = PEERS["bpnet-numpy"](case, x, labels), PEERS["floor"](case, x, labels)
    order = np.empty((case.steps, 0))
    mine.epochs(1), floor.follow(order)
    times: dict[str, list[float]] = {"bpnet": [], "floor": []}
    for _ in range(rounds):
        times["bpnet"] += mine.epochs(1)
        times["floor"].append(seconds_of(lambda: floor.follow(order)))
    return {name: 1e6 * statistics.median(each) / case.steps for name, each in times.items()}


def _sweeps() -> dict[str, list[tuple[int, Case]]]:
    """Points of each sweep: rectifiers, as many layers of sigmoids leave no gradient."""

    def case(sizes: tuple[int, ...], batch: int) -> Case:
        parameters = sum(a * b for a, b in pairwise(sizes))
        steps = int(np.clip(_SHARE / (6 * batch * parameters), 10, 1000))
        return Case("growth", sizes, batch, "relu", learning_rate=1e-3).with_steps(steps)

    small = Case("growth", (784, 30, 10), 10)
    return {
        "batch": [(m, case((784, 256, 10), m)) for m in (10, 20, 50, 100, 200, 500, 1000)],
        "width": [(n, case((n, n, n, 10), 64)) for n in (16, 32, 64, 128, 256, 512, 1024, 1600)],
        "depth": [(d, case((64,) * (d + 1) + (10,), 64)) for d in (1, 2, 5, 10, 20, 50, 100)],
        "samples": [(n, small.with_steps(n // 10)) for n in (600, 2000, 6000, 20_000, 60_000)],
    }


def _exponent(at: list[int], times: list[float]) -> float:
    """Slope of the logarithms, by least squares, over the upper half of their range."""
    x, y = np.log(at), np.log(times)
    upper = x >= min((x[0] + x[-1]) / 2, x[-2])
    return float(np.polyfit(x[upper], y[upper], 1)[0])
