"""Protocols of what the compiler takes and returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from ..backends import Array

__all__ = ["Forward", "ForwardRun", "Run", "Step"]


class Step(Protocol):
    """One training step: a pure function of the state and of one mini-batch."""

    def __call__(
        self, xp: Any, state: Any, x: Array, y: Array, rates: Sequence[Any]
    ) -> tuple[Any, Array]:
        """Return the next state, and the weighted inputs z of the output layer."""


class Forward(Protocol):
    """A forward pass: a pure function of samples and of nested tuples of arrays."""

    def __call__(self, xp: Any, state: Any, x: Array) -> Array:
        """Return the weighted inputs z of the output layer."""


class Run(Protocol):
    """Many training steps, one mini-batch each."""

    def __call__(
        self,
        state: Any,
        x: Array,
        y: Array,
        order: np.ndarray[Any, Any],
        rates: Sequence[tuple[float, ...]],
        stop: Callable[[], bool] | None = None,
    ) -> tuple[Any, Array | None]:
        """Train on the given mini-batches.

        Parameters
        ----------
        state : nested tuples of arrays
        x, y : array
            All samples and targets, a row each.
        order : numpy.ndarray of int64, shape (steps, batch size)
            Row numbers, one mini-batch per row.
        rates : sequence of tuple
            One tuple per step: Python floats, and integers where they are keys of masks.
        stop : callable, optional
            Asked before each step where that is possible.

        Returns
        -------
        state : nested tuples of arrays
            The run's own, valid until its next call, which may be given it. Any other state is
            left unchanged.
        outputs : array, shape (steps done, batch size, n_L), or None
            z of each step that was done; None if none was.
        """


class ForwardRun(Protocol):
    """A compiled forward pass."""

    def __call__(self, state: Any, x: Array) -> Array:
        """Return z of the output layer, shape (m, n_L), a new array."""
