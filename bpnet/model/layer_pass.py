"""What a layer does in one pass: between its weighted input and its activations, and back.

`bpnet.backprop` knows a layer's activation as an object with a value and a pullback. A layer that
normalizes, drops or adds the layer below is such an object too: a `LayerPass`, made anew for each
step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..activations import Activation
from ..activations.base import cast_like
from ..backends import Array
from ..normalization import Normalization, widened

__all__ = ["InputPass", "LayerPass"]


class LayerPass:
    """One layer in one pass over a mini-batch.

    Parameters
    ----------
    sigma : Activation
    norm : Normalization, optional
    scale, shift : array, shape (n_l,), optional
        Applied to the normalized weighted inputs.
    running : (mean, variance), optional
        Statistics to normalize by, (n_l,) each, instead of the mini-batch's own.
    mask : callable, optional
        ``mask(a)`` is what the activations are multiplied by.
    below : LayerPass or InputPass, optional
        The layer whose activations are added.

    Attributes
    ----------
    u : array, shape (m, n_l)
        The activation function's argument, once `value` was called.
    batch : (mean, variance)
        Of the mini-batch, (1, n_l) each, once `value` was called.
    nabla_scale, nabla_shift : array, shape (n_l,)
        Gradient of the cost, once `pullback` was called.
    """

    a: Array
    """The activations, shape (m, n_l), once `value` was called."""

    def __init__(
        self,
        sigma: Activation,
        *,
        norm: Normalization | None = None,
        scale: Array = None,
        shift: Array = None,
        running: tuple[Array, Array] | None = None,
        mask: Callable[[Array], Array] | None = None,
        below: LayerPass | InputPass | None = None,
    ) -> None:
        self.sigma, self.norm, self.running, self.below = sigma, norm, running, below
        self.scale, self.shift, self.mask = scale, shift, mask
        self.from_above: Array = None  # gradient by the activations, from a layer that adds them

    def value(self, z: Array, xp: Any) -> Array:
        """The activations, shape (m, n_l)."""
        self.u = z
        if self.norm is not None:
            if self.running is None:
                self.n, self.inverse, *self.batch = self.norm.normalize(z, xp)
            else:
                mean, variance = self.running
                self.inverse = 1.0 / xp.sqrt(variance + self.norm.epsilon)
                self.n = (z - mean) * self.inverse
            scale, shift = widened(self.scale, xp), widened(self.shift, xp)
            self.u = cast_like(z, self.n * scale + shift, xp)
        self.v = a = self.sigma.value(self.u, xp)
        if self.mask is not None:
            self.kept = self.mask(a)
            a = a * self.kept
        if self.below is not None:
            a = a + self.below.a
        self.a = a
        return a

    def pullback(self, g: Array, z: Array, a: Array, xp: Any) -> Array:
        """The gradient by z, shape (m, n_l), from the gradient ``g`` by the activations."""
        if self.from_above is not None:
            g = g + self.from_above
        if self.below is not None:
            self.below.from_above = g
        if self.mask is not None:
            g = g * self.kept
        g = self.sigma.pullback(g, self.u, self.v, xp)
        if self.norm is None:
            return g
        wide = widened(g, xp)
        self.nabla_scale = cast_like(g, xp.sum(wide * self.n, axis=0), xp)
        self.nabla_shift = cast_like(g, xp.sum(wide, axis=0), xp)
        wide = self.norm.pullback(wide * widened(self.scale, xp), self.n, self.inverse, xp)
        return cast_like(g, wide, xp)


class InputPass:
    """The input layer, as a residual layer above it sees it.

    Parameters
    ----------
    x : array, shape (m, n_0)
    """

    def __init__(self, x: Array) -> None:
        self.a = x
        self.from_above: Array = None
