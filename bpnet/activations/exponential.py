"""The exponential, and the softmax, which divides it by its sum over the layer."""

from __future__ import annotations

import math
from typing import Any

from ..backends import Array, namespace
from .base import Activation

__all__ = ["Exponential", "Softmax"]


class Exponential(Activation):
    """``exp(z)``, the output that goes with the Poisson cost.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> bpnet.activations.Exponential().value(np.zeros(2))
    array([1., 1.])
    """

    name = "exponential"
    increasing = True
    range = (0.0, math.inf)

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.exp(z)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        return a


class Softmax(Activation):
    """``exp(z_j) / sum_k exp(z_k)`` over the neurons of a layer.

    The only one whose value in a neuron depends on the others. Its derivative is a matrix, so
    `derivative` raises, and `pullback` multiplies by that matrix: ``a * (g - sum(g * a))``.

    Notes
    -----
    The pullback takes the gradients less that by the largest value first, so that small slopes keep
    their digits. Hidden layers do without, for speed: see ``docs/accuracy.md``.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> bpnet.activations.Softmax().value(np.asarray([[0.0, 1000.0]]))
    array([[0., 1.]])
    """

    name = "softmax"
    increasing = True
    range = (0.0, 1.0)

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        e = xp.exp(z - xp.max(z, axis=-1, keepdims=True))
        return e / xp.sum(e, axis=-1, keepdims=True)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        raise TypeError("softmax mixes the neurons of a layer: its derivative is the pullback")

    def pullback(self, g: Array, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        top = xp.astype(z == xp.max(z, axis=-1, keepdims=True), z.dtype)
        count = xp.maximum(xp.sum(top, axis=-1, keepdims=True), 1.0)
        g = g - xp.sum(g * top, axis=-1, keepdims=True) / count
        return a * (g - xp.sum(g * a, axis=-1, keepdims=True))
