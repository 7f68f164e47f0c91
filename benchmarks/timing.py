"""What a child does for a peer: agree first, then be timed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .cases import SEED, Arrays, Case, from_record
from .clock import now, seconds_of
from .peers import PEERS, Trainer
from .reference import difference, expected, order_of

__all__ = ["LIMITS", "measure", "prepare", "release", "write_expected"]

# Of the difference from the reference, relative to the change: some ten times what two steps in
# float32 leave. Adam divides by the size of the gradient, rounding and all.
LIMITS = {"sgd": 5e-5, "adam": 2e-3}

_held: dict[str, tuple[Case, Trainer, int]] = {}


def write_expected(record: dict[str, Any], folder: str) -> None:
    """Keep the reference's parameters of a case, for all children to read."""
    case = from_record(record)
    for optimizer in {"sgd", case.optimizer}:
        for late in (False, True)[: 1 + (optimizer == "adam")]:
            wanted = expected(case.for_check(optimizer), late=late)
            np.savez(Path(folder) / f"{case.name}-{optimizer}{'-late' * late}.npz", *wanted)


def prepare(peer: str, record: dict[str, Any], folder: str) -> dict[str, float]:
    """Make a peer's trainer, check what it computes, and warm it up.

    Returns
    -------
    dict
        Difference from the reference by SGD, and by the case's own optimizer; no trainer is kept if
        one is beyond its limit.
    """
    case = from_record(record)
    found = {}
    for optimizer in ("sgd", case.optimizer):
        check = case.for_check(optimizer)
        trainer = PEERS[peer](check, *check.data())
        if trainer.parameters is None:
            break
        trainer.follow(order_of(check))
        found[optimizer] = min(
            difference(check, trainer.parameters(), wanted)
            for wanted in _wanted(folder, f"{case.name}-{optimizer}*.npz")
        )
    if all(value <= LIMITS[optimizer] for optimizer, value in found.items()):
        trainer = PEERS[peer](case, *case.data())
        _held["it"] = case, trainer, 0
        if trainer.epochs is not None:
            trainer.epochs(1)
        else:
            trainer.follow(_order(case, case.steps if trainer.whole else 1))
    return found


def _wanted(folder: str, pattern: str) -> Iterator[Arrays]:
    for path in Path(folder).glob(pattern):
        with np.load(path) as file:
            yield list(file.values())


def measure(seconds: float) -> list[float]:
    """Microseconds a step, of each piece of about so many seconds of training."""
    case, trainer, steps = _held["it"]
    if trainer.epochs is not None:
        times = trainer.epochs(1)
        more = min(20, round((seconds - times[0]) / times[0]))
        if more > 0:
            times += trainer.epochs(more)
        return [1e6 * one / case.steps for one in times]
    if not steps:
        steps = case.steps if trainer.whole else _calibrated(trainer, case, seconds / 5)
        _held["it"] = case, trainer, steps
    samples, began = [], now()
    while not samples or now() - began < seconds:
        samples.append(_timed(trainer, case, steps) * 1e6 / steps)
    return samples


def release() -> None:
    """Forget the trainer."""
    _held.clear()


def _calibrated(trainer: Trainer, case: Case, seconds: float) -> int:
    """Steps that take about so long, an epoch's at most."""
    steps = 1
    while steps < case.steps and (took := _timed(trainer, case, steps)) < seconds:
        steps = min(case.steps, steps * 2 if took < seconds / 2 else steps + 1 + steps // 2)
    return steps


def _timed(trainer: Trainer, case: Case, steps: int) -> float:
    return seconds_of(lambda: trainer.follow(_order(case, steps)))


_rng = np.random.default_rng(SEED + 2)


def _order(case: Case, steps: int) -> np.ndarray:
    """Mini-batches in a new order, as every epoch has one."""
    rows = _rng.permutation(case.steps * case.batch)[: steps * case.batch]
    return rows.reshape(steps, case.batch)
