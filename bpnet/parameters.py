"""theta: every weight and bias in one flat vector, and each layer's view of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .backends import Array

__all__ = ["Layout"]


class Layout:
    """Where each layer's parameters lie in theta: all weights first, then all biases.

    Parameters
    ----------
    sizes : sequence of int
        Neurons of each layer, the input's first.

    Attributes
    ----------
    size : int
        Length of theta.
    n_weights : int
        How many of its first entries are weights.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.parameters import Layout
    >>> layout = Layout([2, 3, 1])
    >>> layout.size, layout.n_weights
    (13, 9)
    >>> weights, biases = layout.split(np.arange(13.0), np)
    >>> weights[1], biases[1]
    (array([[6., 7., 8.]]), array([12.]))
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        self.weight_shapes = list(zip(self.sizes[1:], self.sizes[:-1], strict=True))
        self.bias_shapes = [(n,) for n in self.sizes[1:]]
        self._parts: list[tuple[slice, tuple[int, ...]]] = []
        start = 0
        for shape in (*self.weight_shapes, *self.bias_shapes):
            stop = start + math.prod(shape)
            self._parts.append((slice(start, stop), shape))
            start = stop
        self.size = start
        self.n_weights = sum(math.prod(shape) for shape in self.weight_shapes)

    def split(self, theta: Array, xp: Any) -> tuple[list[Array], list[Array]]:
        """Weights, (n_l, n_{l-1}) each, and biases, (n_l,) each: views where there are any."""
        views = [xp.reshape(theta[part], shape) for part, shape in self._parts]
        return views[: len(self.weight_shapes)], views[len(self.weight_shapes) :]

    def join(self, weights: Sequence[Array], biases: Sequence[Array], xp: Any) -> Array:
        """One flat vector, shape (size,), of one array a layer each."""
        return xp.concat([xp.reshape(part, (-1,)) for part in (*weights, *biases)])

    def on_weights(self, theta: Array, factor: float, xp: Any) -> Array:
        """``factor`` times the weights, and zero for each bias, shape (size,)."""
        weights = factor * theta[: self.n_weights]
        return xp.concat([weights, xp.zeros_like(theta[self.n_weights :])])
