"""GELU and SiLU: z times a gate that opens from 0 to 1."""

from __future__ import annotations

import math
from typing import Any

from ..backends import Array, namespace
from .base import Activation
from .normal_tail import tail

__all__ = ["GELU", "SiLU"]

_SLOPE, _CUBE = math.sqrt(2.0 / math.pi), 0.044715
_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)
# From where on all that falls exponentially is 0 in float64, too.
_END_NORMAL, _END_TANH, _END_SIGMOID = 40.0, 25.0, 1000.0


class GELU(Activation):
    """``z * Phi(z)``, Phi being the normal distribution (Hendrycks and Gimpel, 2016).

    Parameters
    ----------
    approximate : bool, optional
        Use the form with tanh in place of the error function.

    Notes
    -----
    Small values and slopes keep their digits. Hidden layers compute both faster, small ones then
    right in absolute terms only: see ``docs/accuracy.md``.

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
        if self.approximate:
            inner, _ = _tanh_argument(z, xp)
            gate, root = _gate(2.0 * inner, xp)
            return xp.maximum(z, -_END_TANH) * gate * root
        if (own := z.dtype) not in (xp.float32, xp.float64):  # the powers would overflow
            return xp.astype(self.value(xp.astype(z, xp.float32), xp), own)
        x, root = _normal_parts(z, xp)
        below, z = root * tail(x, xp), xp.maximum(z, -_END_NORMAL)
        return xp.where(z < 0.0, z * below * root, z * (1.0 - below * root))

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        if self.approximate:
            inner, slope = _tanh_argument(z, xp)
            gate, root = _gate(2.0 * inner, xp)
            z = xp.clip(z, -_END_TANH, _END_TANH)
            return gate * (1.0 + z * xp.sigmoid(-2.0 * inner) * (2.0 * slope)) * root
        if (own := z.dtype) not in (xp.float32, xp.float64):
            return xp.astype(self.derivative(xp.astype(z, xp.float32), a, xp), own)
        x, root = _normal_parts(z, xp)
        below = root * (tail(x, xp) - _DENSITY * x) * root
        return xp.where(z < 0.0, below, 1.0 - below)


class SiLU(Activation):
    """``z * sigmoid(z)``, also called swish.

    Notes
    -----
    Small values and slopes keep their digits. Hidden layers compute both faster, small ones then
    right in absolute terms only: see ``docs/accuracy.md``.

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
        gate, root = _gate(z, xp)
        return xp.maximum(z, -_END_SIGMOID) * gate * root

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        gate, root = _gate(z, xp)
        z = xp.clip(z, -_END_SIGMOID, _END_SIGMOID)
        return gate * (1.0 + z * xp.sigmoid(-z)) * root


# What falls exponentially is a product with its own root twice: the factor z comes between, so that
# nothing is rounded to zero, or to few digits, that the factor would have made larger again.


def _gate(v: Array, xp: Any) -> tuple[Array, Array]:
    """Two factors of the sigmoid of v."""
    e = xp.exp(-0.5 * xp.abs(v))
    root = xp.where(v < 0.0, e, xp.ones_like(e))
    return root / (1.0 + e * e), root


def _normal_parts(z: Array, xp: Any) -> tuple[Array, Array]:
    """``x = |z|``, bounded, and the root of ``exp(-x**2 / 2)``."""
    x = xp.minimum(xp.abs(z), _END_NORMAL)
    return x, xp.exp(-0.25 * x * x)


def _tanh_argument(z: Array, xp: Any) -> tuple[Array, Array]:
    """What the tanh of the approximate form is taken of, and its derivative."""
    z = xp.clip(z, -_END_TANH, _END_TANH)
    square = z * z
    inner = z * (_SLOPE + (_SLOPE * _CUBE) * square)
    return inner, _SLOPE + (3.0 * _SLOPE * _CUBE) * square
