"""Normalization of a layer's weighted inputs, over the mini-batch or over the layer."""

from __future__ import annotations

from typing import Any, ClassVar

from ._lib.constraints import Constraints, Number
from ._lib.registry import lookup
from ._lib.validation import Validated
from .backends import Array

__all__ = ["BatchNorm", "LayerNorm", "Normalization", "get"]


class Normalization(Validated):
    """``n = (z - mean) / sqrt(variance + epsilon)``, which a layer scales and shifts.

    The layer's activation then takes ``scale * n + shift`` for z, both learned, one per neuron.

    Parameters
    ----------
    epsilon : float, optional
        Keeps a neuron or sample without variance finite; greater than 0 and less than 1.
    """

    constraints = Constraints(epsilon=Number(0.0, 1.0, closed="neither"))

    epsilon: float = 1e-5

    name: ClassVar[str]
    axis: ClassVar[int]
    """Axis of mean and variance: 0 over the mini-batch, 1 over the layer's neurons."""

    def normalize(self, z: Array, xp: Any) -> tuple[Array, Array, Array, Array]:
        """n, shape (m, n_l); the reciprocal deviation, the mean and the variance, all in 2-D.

        Of z in float16 or bfloat16 they are float32.
        """
        z = widened(z, xp)
        share = 1.0 / z.shape[self.axis]
        mean = xp.sum(z, axis=self.axis, keepdims=True) * share
        centred = z - mean
        variance = xp.sum(centred * centred, axis=self.axis, keepdims=True) * share
        square = variance + self.epsilon
        # Where the variance overflows this is NaN, and seen; 1 / sqrt would be 0, n constant.
        inverse = xp.sqrt(square) / square
        return centred * inverse, inverse, mean, variance

    def pullback(self, g: Array, n: Array, inverse: Array, xp: Any) -> Array:
        """The gradient by z, shape (m, n_l), from the gradient ``g`` by n.

        Mean and deviation depend on z, too: the parts of g that are constant along the axis, or
        proportional to n, are subtracted. Of the type of n.
        """
        g = widened(g, xp)
        share = 1.0 / g.shape[self.axis]
        common = xp.sum(g, axis=self.axis, keepdims=True) * share
        along = xp.sum(g * n, axis=self.axis, keepdims=True) * share
        return inverse * (g - common - n * along)


def widened(x: Array, xp: Any) -> Array:
    """``x``, in float32 if it is of a smaller type: for sums, which would overflow or lose counts.

    float16 ends at 65,504, and has 11 binary digits; bfloat16 has 8.
    """
    return x if x.dtype in (xp.float32, xp.float64) else xp.astype(x, xp.float32)


class BatchNorm(Normalization):
    """Over the mini-batch, each neuron by itself (Ioffe and Szegedy, 2015).

    Prediction uses running means of the mini-batches' means and variances.

    Parameters
    ----------
    epsilon : float, optional
    momentum : float, optional
        Weight of the latest mini-batch in the running means; greater than 0 and at most 1.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([2, bpnet.Layer(3, normalization="batch"), 1], seed=0)
    >>> net
    Network(2 -> 3 sigmoid (batch norm) -> 1 sigmoid, cost=quadratic, 19 parameters,
            numpy on cpu, float32)
    """

    constraints = Constraints(momentum=Number(0.0, 1.0, closed="right"))

    epsilon: float = 1e-5
    momentum: float = 0.1

    name = "batch"
    axis = 0


class LayerNorm(Normalization):
    """Over the neurons of the layer, each sample by itself (Ba, Kiros and Hinton, 2016).

    Parameters
    ----------
    epsilon : float, optional
    """

    name = "layer"
    axis = 1


BUILT_IN: dict[str, type[Normalization]] = {"batch": BatchNorm, "layer": LayerNorm}


def get(normalization: str | Normalization) -> Normalization:
    """The normalization of that name, or the argument if it is one.

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.normalization.get("layer")
    LayerNorm(epsilon=1e-05)
    """
    return lookup(normalization, BUILT_IN, Normalization, "normalization")
