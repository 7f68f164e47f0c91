"""theta: every weight and bias in one flat vector, and each layer's view of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..backends import Array

__all__ = ["Layout"]


class Layout:
    """Where each layer's parameters lie in theta: all weights first, then all biases.

    Scales and shifts of the layers that normalize come last.

    Parameters
    ----------
    sizes : sequence of int
        Neurons of each layer, the input's first.
    norms : sequence of int, optional
        Which layers normalize, the first after the input being 0.

    Attributes
    ----------
    size : int
        Length of theta.
    n_weights : int
        How many of its first entries are weights.
    n_plain : int
        How many are weights and biases.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.model.layout import Layout
    >>> layout = Layout([2, 3, 1])
    >>> layout.size, layout.n_weights
    (13, 9)
    >>> weights, biases = layout.split(np.arange(13.0), np)
    >>> weights[1], biases[1]
    (array([[6., 7., 8.]]), array([12.]))
    """

    def __init__(self, sizes: Sequence[int], norms: Sequence[int] = ()) -> None:
        self.sizes, self.norms = tuple(sizes), tuple(norms)
        self.weight_shapes = list(zip(self.sizes[1:], self.sizes[:-1], strict=True))
        self.bias_shapes = [(n,) for n in self.sizes[1:]]
        self._parts: list[tuple[slice, tuple[int, ...]]] = []
        start = 0
        norm_shapes = [self.bias_shapes[l] for l in self.norms]
        for shape in (*self.weight_shapes, *self.bias_shapes, *norm_shapes, *norm_shapes):
            stop = start + math.prod(shape)
            self._parts.append((slice(start, stop), shape))
            start = stop
        self.size = start
        self.n_weights = sum(math.prod(shape) for shape in self.weight_shapes)
        self.n_plain = self.n_weights + sum(self.sizes[1:])

    def split(self, theta: Array, xp: Any) -> tuple[list[Array], list[Array]]:
        """Weights, (n_l, n_{l-1}) each, and biases, (n_l,) each: views where there are any."""
        depth = len(self.weight_shapes)
        views = [xp.reshape(theta[part], shape) for part, shape in self._parts[: 2 * depth]]
        return views[:depth], views[depth:]

    def split_norms(self, theta: Array, xp: Any) -> tuple[dict[int, Array], dict[int, Array]]:
        """Scales and shifts, (n_l,) each, by layer."""
        views = [theta[part] for part, _ in self._parts[2 * len(self.weight_shapes) :]]
        count = len(self.norms)
        return (
            dict(zip(self.norms, views[:count], strict=True)),
            dict(zip(self.norms, views[count:], strict=True)),
        )

    def split_running(
        self, running: Array, xp: Any, layers: Sequence[int]
    ) -> dict[int, tuple[Array, Array]]:
        """Running mean and variance, (n_l,) each, of each of some layers."""
        views, start = {}, 0
        for l in layers:
            middle, stop = start + self.sizes[l + 1], start + 2 * self.sizes[l + 1]
            views[l] = running[start:middle], running[middle:stop]
            start = stop
        return views

    def join(
        self,
        weights: Sequence[Array],
        biases: Sequence[Array],
        xp: Any,
        norms: Sequence[Array] = (),
    ) -> Array:
        """One flat vector, shape (size,), of one array a layer each, then scales and shifts."""
        return xp.concat([xp.reshape(part, (-1,)) for part in (*weights, *biases, *norms)])

    def on_weights(self, theta: Array, factor: Any, xp: Any) -> Array:
        """``factor``, of shape () or (1,), times the weights; zero for each bias: shape (size,)."""
        weights = factor * theta[: self.n_weights]
        return xp.concat([weights, xp.zeros_like(theta[self.n_weights :])])
