"""Model: what is trained, as pure functions of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._lib.frozen import Frozen
from ..activations import Activation, Identity
from ..backends import Array
from ..backprop import feedforward
from ..costs import Cost
from ..initializers import Initializer
from ..randomness import start_generator
from .architecture import Architecture
from .layout import Layout

__all__ = ["Model"]


class Model(Frozen):
    """An architecture with a cost and a task; it holds no arrays.

    Parameters
    ----------
    architecture : Architecture
    cost : Cost
    task : {"classification", "multilabel", "regression"}
    classes : tuple of str, optional
        The labels that were learned, in the order of the outputs; None if these were integers.

    Examples
    --------
    >>> import bpnet
    >>> model = bpnet.Network([2, 3, 1], seed=0).model
    >>> model.sizes, model.layout.size, model.task
    ((2, 3, 1), 13, 'classification')
    """

    architecture: Architecture
    cost: Cost
    task: str
    classes: tuple[str, ...] | None = None

    @property
    def class_count(self) -> int:
        """How many classes: of one output two, unless it is a label by itself."""
        return self.sizes[-1] if self.task == "multilabel" else max(2, self.sizes[-1])

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each layer, the input's first."""
        return self.architecture.sizes

    @property
    def layout(self) -> Layout:
        """Where each layer's parameters lie in theta."""
        return self.architecture.layout

    @property
    def output(self) -> Activation:
        """The activation of the output layer."""
        return self.architecture.sigma[-1]

    def init(self, initializer: Initializer, seed: int) -> np.ndarray[Any, Any]:
        """Initial parameters, shape (size,), on the host: a function of the seed."""
        layout, rng = self.layout, start_generator(seed)
        biases = [initializer.biases(n, rng) for n in self.sizes[1:]]
        weights = [
            initializer.weights(n_out, n_in, sigma, rng)
            for (n_out, n_in), sigma in zip(
                layout.weight_shapes, self.architecture.sigma, strict=True
            )
        ]
        theta: np.ndarray[Any, Any] = layout.join(
            weights, biases, np, self.architecture.first_norms()
        )
        return theta

    def forward(self, xp: Any, state: Any, x: Array) -> Array:
        """Weighted inputs z of the output layer, shape (m, n_L).

        Parameters
        ----------
        xp : namespace
        state : (theta, running)
            Parameters, shape (size,); running means and variances, an empty tuple or one array.
        x : array, shape (m, n_0)
        """
        theta, running = state
        w, b = self.layout.split(theta, xp)
        passes = self.architecture.passes(theta, running[0] if running else None, x, xp)
        z, _ = feedforward(w, b, (*passes[:-1], Identity()), x, xp)
        return z[-1]
