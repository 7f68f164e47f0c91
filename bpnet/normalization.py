"""Normalization of a layer's weighted inputs, over the mini-batch or over the layer."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from ._lib.frozen import Frozen
from ._lib.registry import lookup
from .backends import Array

__all__ = ["BatchNorm", "LayerNorm", "Normalization", "get"]


class Normalization(Frozen):
    """``n = (z - mean) / sqrt(variance + epsilon)``, which a layer scales and shifts.

    The layer's activation then takes ``scale * n + shift`` for z, both learned, one a neuron.

    Parameters
    ----------
    epsilon : float, optional
        What keeps a neuron or sample without variance finite.
    """

    epsilon: float = 1e-5

    name: ClassVar[str]
    axis: ClassVar[int]
    """Over which mean and variance are taken: 0 the mini-batch, 1 the layer's neurons."""

    def __post_init__(self) -> None:
        self._hold("epsilon")
        if not 0.0 < self.epsilon < 1.0:
            raise ValueError(f"epsilon must be more than 0 and less than 1, not {self.epsilon}")

    def _hold(self, name: str) -> None:
        """Make a field a Python float; a numpy.float64 would turn float32 arrays into float64."""
        given = getattr(self, name)
        if not isinstance(given, Real):
            raise TypeError(f"{name} must be a number, not {given!r}")
        object.__setattr__(self, name, float(given))

    def normalize(self, z: Array, xp: Any) -> tuple[Array, Array, Array, Array]:
        """n, shape (m, n_l); the reciprocal deviation, the mean and the variance, kept in 2-D."""
        share = 1.0 / z.shape[self.axis]
        mean = xp.sum(z, axis=self.axis, keepdims=True) * share
        centred = z - mean
        variance = xp.sum(centred * centred, axis=self.axis, keepdims=True) * share
        inverse = 1.0 / xp.sqrt(variance + self.epsilon)
        return centred * inverse, inverse, mean, variance

    def pullback(self, g: Array, n: Array, inverse: Array, xp: Any) -> Array:
        """The gradient by z, shape (m, n_l), from the gradient ``g`` by n.

        Mean and deviation depend on z, too: what g has in common along the axis, and along n, is
        taken away.
        """
        share = 1.0 / g.shape[self.axis]
        common = xp.sum(g, axis=self.axis, keepdims=True) * share
        along = xp.sum(g * n, axis=self.axis, keepdims=True) * share
        return inverse * (g - common - n * along)


class BatchNorm(Normalization):
    """Over the mini-batch, each neuron by itself (Ioffe and Szegedy, 2015).

    Prediction uses running means of the mini-batches' means and variances.

    Parameters
    ----------
    epsilon : float, optional
    momentum : float, optional
        Weight of the latest mini-batch in the running means.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([2, bpnet.Layer(3, normalization="batch"), 1], seed=0)
    >>> net
    Network(2 -> 3 sigmoid (batch norm) -> 1 sigmoid, cost=quadratic, 19 parameters,
            numpy on cpu, float32)
    """

    epsilon: float = 1e-5
    momentum: float = 0.1

    name = "batch"
    axis = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._hold("momentum")
        if not 0.0 < self.momentum <= 1.0:
            raise ValueError(f"momentum must be more than 0 and at most 1, not {self.momentum}")


class LayerNorm(Normalization):
    """Over the neurons of the layer, each sample by itself (Ba, Kiros and Hinton, 2016).

    Parameters
    ----------
    epsilon : float, optional
    """

    name = "layer"
    axis = 1


_BUILT_IN: dict[str, type[Normalization]] = {"batch": BatchNorm, "layer": LayerNorm}


def get(normalization: str | Normalization) -> Normalization:
    """The normalization of that name, or the argument where it is one.

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
    return lookup(normalization, _BUILT_IN, Normalization, "normalization")
