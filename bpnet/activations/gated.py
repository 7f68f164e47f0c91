"""GELU and SiLU: z times a gate that opens from 0 to 1."""

from __future__ import annotations

import math
from typing import Any

from ..backends import Array, namespace
from .base import Activation

__all__ = ["GELU", "SiLU"]


class GELU(Activation):
    """``z * Phi(z)``, Phi being the normal distribution (Hendrycks and Gimpel, 2016).

    Parameters
    ----------
    approximate : bool, optional
        Use the form with tanh in place of the error function.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.activations.GELU(approximate=True).name
    'gelu_tanh'
    """

    approximate: bool = False

    range = (-0.18, math.inf)
    rectifier = True

    @property
    def name(self) -> str:  # type: ignore[override]  # two names, one formula each
        return "gelu_tanh" if self.approximate else "gelu"

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return z * self._gate(z, xp)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        gate = self._gate(z, xp)
        if self.approximate:
            inner = 2.0 * math.sqrt(2.0 / math.pi) * (1.0 + 0.134145 * z * z)
            return gate + z * gate * (1.0 - gate) * inner
        return gate + z * xp.exp(-0.5 * z * z) * (1.0 / math.sqrt(2.0 * math.pi))

    def _gate(self, z: Array, xp: Any) -> Array:
        if self.approximate:
            inner = math.sqrt(2.0 / math.pi) * z * (1.0 + 0.044715 * z * z)
            return 0.5 * xp.tanh(inner) + 0.5
        return 0.5 * xp.erf(z * math.sqrt(0.5)) + 0.5


class SiLU(Activation):
    """``z * sigmoid(z)``, also called swish.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> bpnet.activations.SiLU().value(np.asarray([-1000.0, 0.0, 1000.0])) + 0.0
    array([   0.,    0., 1000.])
    """

    name = "silu"
    range = (-0.28, math.inf)
    rectifier = True

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return z * xp.sigmoid(z)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        gate = xp.sigmoid(z)
        return gate + a * (1.0 - gate)
