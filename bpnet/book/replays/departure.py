"""Where a chaotic run leaves the published one: two runs that differ in rounding alone."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

from ..._lib.frozen import Frozen
from ..._lib.registry import no_such
from .. import network2
from ..matrix_form.epochs import shuffle
from .programs import Program
from .replay import Start, starts

__all__ = ["Departure", "departure"]

_LEVELS = (1e-12, 1e-9, 1e-6, 1e-3, 1e-1)
_BATCH = 10


class Departure(Frozen):
    """How two runs part whose gradients are summed in different orders.

    Parameters
    ----------
    program, arm : str
    steps : dict of float to int
        The first step, from 1, after which the parameters are so far apart, relative to their norm.
    per_epoch : int
        Steps of an epoch.
    """

    program: str
    arm: str
    steps: dict[float, int]
    per_epoch: int

    @property
    def tenfold(self) -> float | None:
        """In how many steps a difference grows tenfold, on average; None if that was not seen."""
        (low, first), (high, last) = min(self.steps.items()), max(self.steps.items())
        return (last - first) / math.log10(high / low) if last > first else None

    def __str__(self) -> str:
        apart = ", ".join(f"{level:g} after {step:,}" for level, step in self.steps.items())
        text = (
            f"{self.program}, {self.arm}: rounding grows. With gradients summed sample by sample, "
            f"as in the book's program, the same run is apart by {apart} steps; an epoch has "
            f"{self.per_epoch:,}."
        )
        if self.tenfold is None:
            return text
        return f"{text} A difference grows tenfold in {self.tenfold:,.0f} steps."


def departure(
    program: Program, name: str, data: tuple[Any, Any, Any], *, epochs: int = 1
) -> Departure | None:
    """Train an arm by matrices and sample by sample, step by step, until the two are far apart.

    Parameters
    ----------
    program : Program
    name : str
        Of the arm.
    data : (training_data, validation_data, test_data)
    epochs : int, optional
        For so many at most.

    Returns
    -------
    Departure or None
        None if they stay within 1e-12 of one another.
    """
    for start in starts(program, data):
        if start.arm.name == name:  # within the loop, while the streams are the program's
            steps = _steps(start, epochs)
            per_epoch = -(-len(start.samples) // _BATCH)
            return Departure(program.name, name, steps, per_epoch) if steps else None
        for _ in range(start.arm.epochs):
            shuffle(start.samples)
    raise ValueError(no_such("arm", name, [arm.name for arm in program.arms]))


def _steps(start: Start, epochs: int) -> dict[float, int]:
    """The step after which each level is passed, as far as it is."""
    arm, net, samples, _ = start
    other = _SampleBySample([784, arm.hidden, 10], cost=network2.CrossEntropyCost)
    other.weights, other.biases = copy.deepcopy(net.weights), copy.deepcopy(net.biases)
    levels, steps, step, n = list(_LEVELS), {}, 0, len(samples)
    for _ in range(epochs):
        shuffle(samples)
        for first in range(0, n, _BATCH):
            mini_batch, step = samples[first : first + _BATCH], step + 1
            for one in (net, other):
                one.update_mini_batch(mini_batch, arm.eta, arm.lmbda, n)
            apart = _distance(net, other)
            while levels and apart > levels[0]:
                steps[levels.pop(0)] = step
            if not levels:
                return steps
    return steps


class _SampleBySample(network2.Network):
    """Adds up the gradients of single samples, since `backprop` is its own."""

    def backprop(self, x: Any, y: Any) -> Any:
        return super().backprop(x, y)


def _distance(net: network2.Network, other: network2.Network) -> float:
    ours, theirs = (
        np.concatenate([part.ravel() for part in (*one.weights, *one.biases)])
        for one in (net, other)
    )
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))
