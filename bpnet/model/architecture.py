"""Architecture: the layers of a network, checked, and what a step needs of them."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import activations as _activations
from .. import normalization as _normalization
from .._lib.wording import described
from ..activations import Activation, Softmax
from ..backends import Array
from ..costs import BinaryCrossEntropy, Cost
from ..normalization import BatchNorm, Normalization
from ..randomness import mask_key
from .layer import Layer, check_layer, settled
from .layer_pass import InputPass, LayerPass
from .layout import Layout

__all__ = ["Architecture", "resolved"]


class Architecture:
    """The layers of a network, and what a step needs of them.

    Parameters
    ----------
    layers : sequence of Layer
        The input layer first; each of the others has an activation.

    Attributes
    ----------
    sizes : tuple of int
    sigma : tuple of Activation
        Of each layer after the input.
    computed : tuple of Activation
        The same in the form that is computed: a faster one in hidden layers.
    norms : dict of int to Normalization
        Of the layers that normalize, the first after the input being 0.
    layout : Layout
    random : list of (int, str)
        Which layers, the input being 0, need a key in each step, and for what.
    has_only_activations : bool
        Whether no layer does more than apply its activation.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = tuple(layers)
        self.sizes = tuple(layer.size for layer in self.layers)
        self.sigma = tuple(_activations.get(layer.activation or "") for layer in self.layers[1:])
        self.computed = (*map(_activations.hidden_form, self.sigma[:-1]), self.sigma[-1])
        self.norms: dict[int, Normalization] = {
            l: _normalization.get(layer.normalization)
            for l, layer in enumerate(self.layers[1:])
            if layer.normalization is not None
        }
        self.layout = Layout(self.sizes, tuple(self.norms))
        inner = self.layers[1:]
        self.random = [
            (l, what)
            for l, layer in enumerate(self.layers)
            for what in ("noise", "dropout")
            if getattr(layer, what)
        ]
        self.has_only_activations = not self.norms and not any(
            one.dropout or one.residual for one in inner
        )

    @property
    def batch_norm_layers(self) -> list[int]:
        """Which layers normalize over the mini-batch, the first after the input being 0."""
        return [l for l, norm in self.norms.items() if isinstance(norm, BatchNorm)]

    @property
    def running_size(self) -> int:
        """Length of the vector of running means and variances."""
        return sum(2 * self.sizes[l + 1] for l in self.batch_norm_layers)

    def first_norms(self) -> list[np.ndarray[Any, Any]]:
        """Scales and shifts before the first step: ones and zeros."""
        sizes = [self.sizes[l + 1] for l in self.norms]
        return [*map(np.ones, sizes), *map(np.zeros, sizes)]

    def first_running(self) -> np.ndarray[Any, Any]:
        """Running means and variances before the first step: zeros and ones."""
        sizes = [self.sizes[l + 1] for l in self.batch_norm_layers]
        return np.concatenate([part for n in sizes for part in (np.zeros(n), np.ones(n))])

    def keys(self, seed: int, step: int) -> tuple[int, ...]:
        """A key for each of `random`."""
        return tuple(mask_key(seed, step, 2 * l + (w == "noise")) for l, w in self.random)

    def input(self, x: Array, keys: Mapping[tuple[int, str], Any], first: int, xp: Any) -> Array:
        """The samples as a training step sees them: with noise added, and some values dropped."""
        layer = self.layers[0]
        if (0, "noise") in keys:
            x = x + layer.noise * xp.normal(x, keys[0, "noise"], first)
        if (0, "dropout") in keys:
            x = x * xp.keep_mask(x, 1.0 - layer.dropout, keys[0, "dropout"], first)
        return x

    def passes(
        self,
        theta: Array,
        running: Array | None,
        x: Array,
        xp: Any,
        keys: Mapping[tuple[int, str], Any] | None = None,
        first: int = 0,
    ) -> Sequence[Any]:
        """What stands for each layer's activation in one pass over samples.

        Parameters
        ----------
        theta : array, shape (size,)
        running : array or None
            Running means and variances; None to normalize by the mini-batch's own.
        x : array, shape (m, n_0)
            As `input` returns it.
        keys : dict, optional
            The key of each of `random`; without them nothing is dropped.
        first : int, optional
            Number of the first sample within the mini-batch.

        Returns
        -------
        sequence of LayerPass or Activation
        """
        if self.has_only_activations:
            return self.computed
        scales, shifts = self.layout.split_norms(theta, xp)
        batched = self.batch_norm_layers
        kept = self.layout.split_running(running, xp, batched) if running is not None else {}
        below: LayerPass | InputPass = InputPass(x)
        found: list[Any] = []
        for l, layer in enumerate(self.layers[1:]):
            mask = None
            if keys and (l + 1, "dropout") in keys:
                mask = functools.partial(
                    _mask, xp, 1.0 - layer.dropout, keys[l + 1, "dropout"], first
                )
            below = LayerPass(
                self.computed[l],
                norm=self.norms.get(l),
                scale=scales.get(l),
                shift=shifts.get(l),
                running=kept.get(l),
                mask=mask,
                below=below if layer.residual else None,
            )
            found.append(below)
        # The output layer's own activation: the cost knows it.
        return (*found[:-1], self.sigma[-1])

    def updated_running(self, running: Array, passes: Sequence[Any], m: int, xp: Any) -> Array:
        """The running means and variances after a mini-batch of m samples."""
        before = self.layout.split_running(running, xp, self.batch_norm_layers)
        parts = []
        for l in self.batch_norm_layers:
            norm: Any = self.norms[l]
            # The variance of few samples is too small by a sample.
            factors = 1.0, m / max(m - 1, 1)
            for old, new, factor in zip(before[l], passes[l].batch, factors, strict=True):
                old, new = xp.reshape(old, (1, -1)), xp.astype(new, old.dtype, copy=False)
                parts.append((1.0 - norm.momentum) * old + (norm.momentum * factor) * new)
        return xp.reshape(xp.concat(parts, axis=1), (-1,))

    def __repr__(self) -> str:
        return " -> ".join(str(layer) for layer in self.layers)


def _mask(xp: Any, probability: float, key: Any, first: int, a: Array) -> Array:
    return xp.keep_mask(a, probability, key, first)


def resolved(
    sizes: Sequence[int | Layer],
    activations: str | Activation | Sequence[str | Activation],
    cost: Cost,
) -> Architecture:
    """The architecture that a network is asked for; what a layer says itself comes first.

    Raises
    ------
    TypeError, ValueError
        If layers, activations and cost do not fit together.
    """
    if isinstance(sizes, str) or not isinstance(sizes, Iterable):
        raise TypeError(
            f"sizes must be a list of layers' sizes, as [784, 30, 10], not {described(sizes)}"
        )
    layers = [one if isinstance(one, Layer) else Layer(one) for one in sizes]
    if len(layers) < 2:
        raise ValueError(
            f"a network needs at least an input and an output layer, as [784, 10]; {len(layers)} "
            f"layer{'s were' if not layers else ' was'} given"
        )
    for l, layer in enumerate(layers):
        check_layer(l, layer, layers)
    count = len(layers) - 1
    if isinstance(activations, str | Activation | type):
        named = [activations] * (count - 1) + [cost.partner]
    elif not isinstance(activations, Iterable):
        raise TypeError(
            f"activations must be a name, or a list of one per layer, not {described(activations)}"
        )
    else:
        named = list(activations)
        if len(named) != count:
            raise ValueError(
                f"activations has {len(named)} entries, but {count} layers follow the input"
            )
    found, sigma = [settled(layers[0], None)], cost.partner
    for l, (one, layer) in enumerate(zip(named, layers[1:], strict=True), start=1):
        sigma = _activations.get(one if layer.activation is None else layer.activation)
        if isinstance(sigma, _activations.PerNeuron) and len(sigma.functions) != layer.size:
            raise ValueError(
                f"layer {l} has {layer.size} neurons, but its PerNeuron "
                f"{len(sigma.functions)} functions"
            )
        found.append(settled(layer, sigma))
    _check_pair(cost, sigma)
    return Architecture(found)


def _check_pair(cost: Cost, sigma: Activation) -> None:
    """Raise if the cost is not defined for the outputs of ``sigma``.

    Raises
    ------
    ValueError
        The message names both, and an activation that goes with the cost.
    """
    if isinstance(cost, BinaryCrossEntropy) and isinstance(sigma, Softmax):
        raise ValueError(
            "softmax outputs go with categorical_cross_entropy (log_likelihood), "
            "not with binary_cross_entropy (cross_entropy), which takes each output by itself"
        )
    low, high = cost.domain
    inside = low <= sigma.range[0] and sigma.range[1] <= high
    touches = sigma.attains_bounds and (
        low == sigma.range[0] > -math.inf or high == sigma.range[1] < math.inf
    )
    if not inside or touches:
        raise ValueError(
            f"the cost {cost.name} is defined for outputs between {low:g} and {high:g} (exclusive),"
            f" but {sigma.name} gives from {sigma.range[0]:g} to {sigma.range[1]:g}: use "
            f"{cost.partner.name} in the output layer, or another cost"
        )
