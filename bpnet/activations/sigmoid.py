"""Sigmoid and hyperbolic tangent: bounded on both sides."""

from __future__ import annotations

from typing import Any

from ..backends import Array, namespace
from .base import Activation

__all__ = ["Sigmoid", "Tanh"]


class Sigmoid(Activation):
    """``1 / (1 + exp(-z))``, free of overflow.

    Notes
    -----
    Small values and slopes keep their digits. Hidden layers compute both faster, small ones then
    right in absolute terms only: see ``docs/accuracy.md``.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> bpnet.activations.Sigmoid().value(np.asarray([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """

    name = "sigmoid"
    increasing = True
    range = (0.0, 1.0)

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.sigmoid(z)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return a * xp.sigmoid(-z)


class Tanh(Activation):
    """Hyperbolic tangent.

    Notes
    -----
    Small slopes keep their digits. Hidden layers compute them faster, small ones then right in
    absolute terms only: see ``docs/accuracy.md``.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> bpnet.activations.Tanh().derivative(np.zeros(1), np.zeros(1))
    array([1.])
    """

    name = "tanh"
    increasing = True
    range = (-1.0, 1.0)

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.tanh(z)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        e = xp.exp(-xp.abs(z))
        root = 2.0 * e / (1.0 + e * e)
        return root * root
