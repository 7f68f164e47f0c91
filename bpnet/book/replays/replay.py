"""Run a program of the book again, with its own seeds, by the modules of this package."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .. import network2
from ..matrix_form.epochs import shuffle
from .programs import MONITORED, SEED, Arm, Program

__all__ = ["Curves", "Start", "replay", "starts"]

Curves: TypeAlias = dict[str, list[float]]
"""A number for each epoch, by what is monitored."""


def replay(
    program: Program,
    data: tuple[Any, Any, Any],
    *,
    epochs: int | None = None,
    on_epoch: Callable[[Arm, int], object] | None = None,
) -> dict[str, Curves]:
    """Train all arms of a program, and return what it monitored.

    The state of the global random streams is the same afterwards.

    Parameters
    ----------
    program : Program
    data : (training_data, validation_data, test_data)
        As `mnist_loader.load_data_wrapper` gives them; the lists stay as they are.
    epochs : int, optional
        Train each arm for so many at most. What the others would have drawn from the random streams
        is drawn all the same, so that the next arm begins as it did in the book.
    on_epoch : callable, optional
        ``on_epoch(arm, epoch)``, after each epoch, from 1.

    Returns
    -------
    dict of str to Curves
        By arm.
    """
    found: dict[str, Curves] = {}
    for start in starts(program, data):
        count = start.arm.epochs if epochs is None else min(epochs, start.arm.epochs)
        found[start.arm.name] = _trained(start, count, on_epoch)
        for _ in range(count, start.arm.epochs):
            shuffle(start.samples)
    return found


class Start(NamedTuple):
    """Where an arm begins.

    Attributes
    ----------
    arm : Arm
    net : network2.Network
    samples : list of (x, y)
        To train on.
    evaluated : list of (x, digit)
    """

    arm: Arm
    net: network2.Network
    samples: list[Any]
    evaluated: list[Any]


def starts(program: Program, data: tuple[Any, Any, Any]) -> Iterator[Start]:
    """Yield where each arm of a program begins, from its seeds.

    For the next arm to begin right, the samples must be shuffled before that for each epoch of the
    arm, be they trained on or not.

    Parameters
    ----------
    program : Program
    data : (training_data, validation_data, test_data)
    """
    training, validation, test = list(data[0]), data[1], data[2]
    net = None
    with _seeded():
        for arm in program.arms:
            if net is None or arm.anew:
                net = network2.Network([784, arm.hidden, 10], cost=network2.CrossEntropyCost)
            if arm.large:
                net.large_weight_initializer()
            # Some of the images are a copy; all are the list that the next arm goes on with.
            samples = training if arm.images >= len(training) else training[: arm.images]
            yield Start(arm, net, samples, test if arm.on_test else validation)


def _trained(start: Start, epochs: int, on_epoch: Callable[[Arm, int], object] | None) -> Curves:
    arm, net, samples, evaluated = start
    curves: Curves = {name: [] for name in arm.monitored}
    monitors: dict[str, Any] = {f"monitor_{name.replace(' ', '_')}": True for name in curves}
    for epoch in range(epochs):
        # Epoch by epoch is the same as all at once.
        with contextlib.redirect_stdout(io.StringIO()):
            figures: Any = net.SGD(samples, 1, 10, arm.eta, arm.lmbda, evaluated, **monitors)
        for name, values in zip(MONITORED, figures, strict=True):
            if name in curves:
                curves[name] += values
        if on_epoch is not None:
            on_epoch(arm, epoch + 1)
    return curves


@contextlib.contextmanager
def _seeded() -> Iterator[None]:
    """Global streams that begin with the book's seed, and are put back afterwards."""
    kept = random.getstate(), np.random.get_state()  # noqa: NPY002 - the book's stream
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])  # noqa: NPY002
