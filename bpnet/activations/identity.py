"""The identity: a linear layer."""

from __future__ import annotations

from typing import Any

from ..backends import Array, namespace
from .base import Activation

__all__ = ["Identity"]


class Identity(Activation):
    """``z`` itself: a linear layer.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.Network([2, 1], activations=["identity"], seed=0).activations
    (Identity(),)
    """

    name = "identity"
    increasing = True

    def value(self, z: Array, xp: Any = None) -> Array:
        return z

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.ones_like(z)

    def pullback(self, g: Array, z: Array, a: Array, xp: Any = None) -> Array:
        return g
