"""The faster forms that hidden layers compute, of activations whose exact form takes longer.

Small values and slopes are right in absolute terms only, not to their own digits: a layer adds them
up with others, beside which they count for nothing. In the output layer they are the result itself,
as a small probability, and exact. ``docs/accuracy.md`` has the largest errors.
"""

from __future__ import annotations

import math
from typing import Any

from ..backends import Array, namespace
from .base import Activation
from .exponential import Softmax
from .gated import GELU, SiLU
from .per_neuron import PerNeuron
from .rectifiers import ELU, Softplus
from .registry import get
from .sigmoid import Sigmoid, Tanh

__all__ = ["hidden_form"]


class FastSigmoid(Sigmoid):
    """Where a library has no sigmoid of its own, by tanh; the derivative from the value.

    For speed: the value loses its digits for z below -4, the derivative also for z above 4.
    """

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.quick_sigmoid(z)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        return a * (1.0 - a)


class FastTanh(Tanh):
    """The derivative from the value, for speed; its digits are lost for magnitudes above 3."""

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        return 1.0 - a * a


class FastELU(ELU):
    """The derivative from the value, for speed; its digits are lost for z below -3."""

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.where(z > 0.0, 1.0 + 0.0 * z, a + self.alpha)


class FastSoftplus(Softplus):
    """The derivative as `FastSigmoid` has the value."""

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.quick_sigmoid(z)


class FastGELU(GELU):
    """By the error function or tanh, for speed; digits are lost for z below -1."""

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        if self.approximate:
            inner = math.sqrt(2.0 / math.pi) * z * (1.0 + 0.044715 * z * z)
            return z * (0.5 * xp.tanh(inner) + 0.5)
        return z * _normal_gate(z, xp)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        if self.approximate:
            # Bounded where the gate is 0 or 1: products with infinity would be no numbers.
            square, factor = xp.minimum(z * z, 1024.0), math.sqrt(2.0 / math.pi)
            gate = 0.5 * xp.tanh(z * (factor + (factor * 0.044715) * square)) + 0.5
            slope = 2.0 * factor + (2.0 * factor * 0.134145) * square
            return gate + z * gate * (1.0 - gate) * slope
        return _normal_gate(z, xp) + z * xp.exp(-0.5 * z * z) * (1.0 / math.sqrt(2.0 * math.pi))


class FastSiLU(SiLU):
    """With `FastSigmoid`; the derivative from the value."""

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return z * xp.quick_sigmoid(z)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        gate = xp.quick_sigmoid(z)
        return gate + a * (1.0 - gate)


class FastSoftmax(Softmax):
    """The pullback in fewer operations, for speed; digits are lost where one value is near 1."""

    def pullback(self, g: Array, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return a * (g - xp.sum(g * a, axis=-1, keepdims=True))


def hidden_form(sigma: Activation) -> Activation:
    """What a hidden layer with the activation ``sigma`` computes; often ``sigma`` itself.

    Subclasses and activations of the user's own are never replaced.

    Parameters
    ----------
    sigma : Activation

    Returns
    -------
    Activation

    Examples
    --------
    >>> import bpnet
    >>> from bpnet.activations.hidden import hidden_form
    >>> hidden_form(bpnet.activations.Tanh()), hidden_form(bpnet.activations.ReLU())
    (FastTanh(), ReLU())
    """
    if isinstance(sigma, PerNeuron) and type(sigma) is PerNeuron:
        return PerNeuron([hidden_form(get(one)) for one in sigma.functions])
    form = _FORMS.get(type(sigma))
    return sigma if form is None else form(**{name: getattr(sigma, name) for name in sigma.fields})


_FORMS: dict[type[Activation], type[Activation]] = {
    ELU: FastELU,
    GELU: FastGELU,
    Sigmoid: FastSigmoid,
    SiLU: FastSiLU,
    Softmax: FastSoftmax,
    Softplus: FastSoftplus,
    Tanh: FastTanh,
}


def _normal_gate(z: Array, xp: Any) -> Array:
    return 0.5 * xp.erf(z * math.sqrt(0.5)) + 0.5
