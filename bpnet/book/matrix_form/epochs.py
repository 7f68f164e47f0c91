"""An epoch of the book's mini-batches, by the library's compiled training step."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...activations import Sigmoid
from ...backends import Array
from ...backends.numpy import NumpyBackend
from ...backprop import backprop
from ...compiler import Step, compile_step
from ...costs import Cost
from ...model.gradient import ShareOfCost
from .columns import Floats

__all__ = ["CompiledEpoch", "shuffle"]

_ENTRIES = 2**18  # of the samples that are gathered at a time: few enough for a core's cache


def shuffle(samples: list[Any]) -> None:
    """Shuffle a list in place as `random.shuffle` of Python 2 did, from the same global stream.

    That of Python 3 draws other numbers from it, so that a seed gives another order.
    """
    draw = random.random
    for i in range(len(samples) - 1, 0, -1):
        j = int(draw() * (i + 1))
        samples[i], samples[j] = samples[j], samples[i]


class CompiledEpoch:
    """Trains on samples in a given order, one mini-batch after another.

    Parameters
    ----------
    sizes : sequence of int
    cost : Cost
    eta : float
    decay : float
        The book's lambda / n.
    """

    def __init__(self, sizes: Sequence[int], cost: Cost, eta: float, decay: float) -> None:
        self._sizes = tuple(sizes)
        self._backend = NumpyBackend("cpu", "float64")
        self._run = compile_step(self._backend, _make_step(self._sizes, cost, eta, decay))

    def __call__(
        self,
        w: list[Floats],
        b: list[Floats],
        xs: Sequence[Any],
        y: Floats,
        order: Sequence[int],
        size: int,
    ) -> tuple[list[Floats], list[Floats]]:
        """Weights, and biases of shape (n_l,), after an epoch that begins with these.

        Parameters
        ----------
        w, b : list of array
        xs : sequence of array
            Inputs, (n_0, 1) each.
        y : array, shape (n, n_L)
        order : sequence of int
            Numbers of the samples: each ``size`` of them are a mini-batch.
        size : int
        """
        n_in = self._sizes[0]
        at_once = size * max(1, _ENTRIES // (n_in * size))
        room = np.empty((min(at_once, len(order)), n_in))  # large arrays take long to make
        state: Any = _joined(w, np), _joined(b, np)
        with self._backend.scope():
            for start in range(0, len(order), at_once):
                chosen = order[start : start + at_once]
                x = room[: len(chosen)]
                np.concatenate([xs[k] for k in chosen], out=x.reshape(-1, 1))
                whole = len(chosen) - len(chosen) % size
                for rows in (
                    np.arange(whole).reshape(-1, size),
                    np.arange(whole, len(chosen))[None],
                ):
                    if rows.size:
                        state, _ = self._run(state, x, y[chosen], rows, [()] * len(rows))
        # The run's arrays are its own: another epoch would change them.
        weights, biases = map(np.array, state)
        return _weights(weights, self._sizes, np), _biases(biases, self._sizes, np)


def _make_step(sizes: Sequence[int], cost: Cost, eta: float, decay: float) -> Step:
    """The book's update as a pure function of two vectors, all weights and all biases."""
    keep = 1.0 - eta * decay

    def step(xp: Any, state: Any, x: Array, y: Array, rates: Any) -> tuple[Any, Array]:
        weights, biases = state
        w, b = _weights(weights, sizes, xp), _biases(biases, sizes, xp)
        cost_times_rate: Any = ShareOfCost(cost, eta / x.shape[0])
        nabla_w, nabla_b, z = backprop(w, b, [Sigmoid()] * len(w), cost_times_rate, x, y, xp)
        return (keep * weights - _joined(nabla_w, xp), biases - _joined(nabla_b, xp)), z

    return step


def _weights(vector: Array, sizes: Sequence[int], xp: Any) -> list[Array]:
    return _split(vector, [(n_out, n_in) for n_in, n_out in pairwise(sizes)], xp)


def _biases(vector: Array, sizes: Sequence[int], xp: Any) -> list[Array]:
    return _split(vector, [(n,) for n in sizes[1:]], xp)


def _split(vector: Array, shapes: Sequence[tuple[int, ...]], xp: Any) -> list[Array]:
    parts, start = [], 0
    for shape in shapes:
        stop = start + math.prod(shape)
        parts.append(xp.reshape(vector[start:stop], shape))
        start = stop
    return parts


def _joined(parts: Sequence[Array], xp: Any) -> Array:
    return xp.concat([xp.reshape(part, (-1,)) for part in parts])
