"""Layers: what each does between its weighted input and its activation.

`backprop` knows a layer's activation as an object with a value and a pullback. A layer that
normalizes, drops or is bypassed is such an object too: a `LayerPass`, made anew for each step.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from .. import activations as _activations
from .. import costs as _costs
from .. import normalization as _normalization
from .._lib.frozen import Frozen
from .._lib.registry import to_record
from ..activations import Activation
from ..backends import Array
from ..costs import Cost
from ..normalization import BatchNorm, Normalization
from ..randomness import mask_key
from .layout import Layout

__all__ = ["Architecture", "Layer", "LayerPass", "layers_from", "resolved"]


class Layer(Frozen):
    """A layer of a network, where it is more than a number of neurons.

    Parameters
    ----------
    size : int
        Neurons.
    activation : str or Activation, optional
        By default what the network says.
    dropout : float, optional
        Share of the layer's activations that each training step drops, others growing by
        ``1 / (1 - dropout)``; of the input layer, of its values (Srivastava et al., 2014).
    normalization : str or Normalization, optional
        ``"batch"`` or ``"layer"``, of the weighted inputs; see `bpnet.normalization`.
    residual : bool, optional
        Add the activations of the layer below, which must be as wide (He et al., 2016).
    noise : float, optional
        Of the input layer: the standard deviation of normal noise that each training step adds.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.Network(
    ...     [bpnet.Layer(4, dropout=0.2), bpnet.Layer(8, activation="relu", dropout=0.5), 3],
    ...     cost="log_likelihood",
    ...     seed=0,
    ... )
    Network(4 (dropout 0.2) -> 8 relu (dropout 0.5) -> 3 softmax, cost=categorical_cross_entropy,
            67 parameters, numpy on cpu, float32)
    """

    size: int
    activation: str | Activation | None = None
    dropout: float = 0.0
    normalization: str | Normalization | None = None
    residual: bool = False
    noise: float = 0.0

    def __str__(self) -> str:
        words = []
        if self.normalization is not None:
            words.append(f"{_normalization.get(self.normalization).name} norm")
        if self.dropout:
            words.append(f"dropout {self.dropout:g}")
        if self.noise:
            words.append(f"noise {self.noise:g}")
        if self.residual:
            words.append("residual")
        name = "" if self.activation is None else f" {_activations.get(self.activation).name}"
        return f"{self.size}{name}" + (f" ({', '.join(words)})" if words else "")


class LayerPass:
    """From the weighted input of a layer to its activations, in one step, and back.

    Parameters
    ----------
    sigma : Activation
    norm : Normalization, optional
    scale, shift : array, shape (n_l,), optional
        Of what is normalized.
    running : (mean, variance), optional
        To normalize by, (n_l,) each, in place of the mini-batch's own.
    mask : callable, optional
        ``mask(a)`` is what the activations are multiplied by.
    below : LayerPass or Source, optional
        Whose activations are added.

    Attributes
    ----------
    u : array, shape (m, n_l)
        What the activation takes, once `value` was called.
    batch : (mean, variance)
        Of the mini-batch, (1, n_l) each, once `value` was called.
    nabla_scale, nabla_shift : array, shape (n_l,)
        Gradient of the cost, once `pullback` was called.
    """

    def __init__(
        self,
        sigma: Activation,
        *,
        norm: Normalization | None = None,
        scale: Array = None,
        shift: Array = None,
        running: tuple[Array, Array] | None = None,
        mask: Callable[[Array], Array] | None = None,
        below: Any = None,
    ) -> None:
        self.sigma, self.norm, self.running, self.below = sigma, norm, running, below
        self.scale, self.shift, self.mask = scale, shift, mask
        self.also: Array = None  # gradient by the activations, from the layer that was bypassed

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
            self.u = self.n * self.scale + self.shift
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
        if self.also is not None:
            g = g + self.also
        if self.below is not None:
            self.below.also = g
        if self.mask is not None:
            g = g * self.kept
        g = self.sigma.pullback(g, self.u, self.v, xp)
        if self.norm is None:
            return g
        self.nabla_scale = xp.sum(g * self.n, axis=0)
        self.nabla_shift = xp.sum(g, axis=0)
        return self.norm.pullback(g * self.scale, self.n, self.inverse, xp)


class Source:
    """The input, as the layer above it adds it."""

    def __init__(self, x: Array) -> None:
        self.a = x
        self.also: Array = None


class Architecture:
    """The layers of a network, checked, and what a step needs of them.

    Parameters
    ----------
    layers : sequence of Layer
        The input's first, each with an activation but that.

    Attributes
    ----------
    sizes : tuple of int
    sigma : tuple of Activation
        Of each layer after the input.
    layout : Layout
    random : list of (int, str)
        Which layers, the input's being 0, need a key for each step, and for what.
    plain : bool
        Whether no layer does more than its activation.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = tuple(layers)
        self.sizes = tuple(layer.size for layer in self.layers)
        self.sigma = tuple(_activations.get(layer.activation or "") for layer in self.layers[1:])
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
        self.plain = not self.norms and not any(one.dropout or one.residual for one in inner)

    def first_norms(self) -> list[np.ndarray[Any, Any]]:
        """Scales and shifts before the first step: ones and zeros."""
        sizes = [self.sizes[l + 1] for l in self.norms]
        return [*map(np.ones, sizes), *map(np.zeros, sizes)]

    def first_running(self) -> np.ndarray[Any, Any]:
        """Running means and variances before the first step: zeros and ones."""
        sizes = [self.sizes[l + 1] for l in self.batched]
        return np.concatenate([part for n in sizes for part in (np.zeros(n), np.ones(n))])

    def keys(self, seed: int, step: int) -> tuple[int, ...]:
        """A key for each of `random`."""
        return tuple(mask_key(seed, step, 2 * l + (w == "noise")) for l, w in self.random)

    def source(self, x: Array, keys: Mapping[tuple[int, str], Any], first: int, xp: Any) -> Array:
        """The samples as a step sees them: with noise, and with some values dropped."""
        layer = self.layers[0]
        if (0, "noise") in keys:
            x = x + layer.noise * xp.normal(x, keys[0, "noise"], first)
        if (0, "dropout") in keys:
            x = x * xp.keep_mask(x, 1.0 - layer.dropout, keys[0, "dropout"], first)
        return x

    def stages(
        self,
        theta: Array,
        running: Array | None,
        x: Array,
        xp: Any,
        keys: Mapping[tuple[int, str], Any] | None = None,
        first: int = 0,
    ) -> Sequence[Any]:
        """What stands for each layer's activation, in one pass over samples.

        Parameters
        ----------
        theta : array
        running : array or None
            Running means and variances; None to normalize by the mini-batch's own.
        x : array
            The input, as `source` gives it.
        keys : dict, optional
            Of each of `random`; without one nothing is dropped.
        first : int, optional
            Number of the first sample within the mini-batch.
        """
        if self.plain:
            return self.sigma
        scales, shifts = self.layout.split_norms(theta, xp)
        kept = self.layout.split_running(running, xp, self.batched) if running is not None else {}
        below: Any = Source(x)
        found = []
        for l, layer in enumerate(self.layers[1:]):
            mask = None
            if keys and (l + 1, "dropout") in keys:
                mask = functools.partial(
                    _mask, xp, 1.0 - layer.dropout, keys[l + 1, "dropout"], first
                )
            stage = LayerPass(
                self.sigma[l],
                norm=self.norms.get(l),
                scale=scales.get(l),
                shift=shifts.get(l),
                running=kept.get(l),
                mask=mask,
                below=below if layer.residual else None,
            )
            found.append(stage)
            below = stage
        # The output's is plain: what a cost says of its activation stays true.
        return (*found[:-1], self.sigma[-1])

    @property
    def batched(self) -> list[int]:
        """Which layers normalize over the mini-batch, the first after the input being 0."""
        return [l for l, norm in self.norms.items() if isinstance(norm, BatchNorm)]

    @property
    def running_size(self) -> int:
        """Length of the vector of running means and variances."""
        return sum(2 * self.sizes[l + 1] for l in self.batched)

    def renewed(self, running: Array, stages: Sequence[Any], m: int, xp: Any) -> Array:
        """The running means and variances after a mini-batch of m samples."""
        before = self.layout.split_running(running, xp, self.batched)
        parts = []
        for l in self.batched:
            norm: Any = self.norms[l]
            # The variance of few samples is too small by a sample.
            factors = 1.0, m / max(m - 1, 1)
            for old, new, factor in zip(before[l], stages[l].batch, factors, strict=True):
                old, new = xp.reshape(old, (1, -1)), xp.astype(new, old.dtype, copy=False)
                parts.append((1.0 - norm.momentum) * old + (norm.momentum * factor) * new)
        return xp.reshape(xp.concat(parts, axis=1), (-1,))

    def options(self) -> dict[str, dict[str, Any]]:
        """What layers do beside their activation, for a file; `layers_from` reads it."""
        found = {}
        for l, layer in enumerate(self.layers):
            own = {
                name: getattr(layer, name)
                for name in ("dropout", "normalization", "residual", "noise")
                if getattr(layer, name)
            }
            if "normalization" in own:
                own["normalization"] = to_record(own["normalization"])
            if own:
                found[str(l)] = own
        return found

    def __repr__(self) -> str:
        return " -> ".join(str(layer) for layer in self.layers)


def _mask(xp: Any, probability: float, key: Any, first: int, a: Array) -> Array:
    return xp.keep_mask(a, probability, key, first)


def resolved(
    sizes: Sequence[int | Layer],
    activations: str | Activation | Sequence[str | Activation],
    cost: Cost,
) -> Architecture:
    """The layers that a network is asked for, each one's own wish first.

    Raises
    ------
    TypeError, ValueError
        Where they do not fit together.
    """
    layers = [one if isinstance(one, Layer) else Layer(one) for one in sizes]
    if len(layers) < 2:
        raise ValueError(f"a network has an input and an output layer at least, not {len(layers)}")
    for l, layer in enumerate(layers):
        _check(l, layer, layers)
    count = len(layers) - 1
    if isinstance(activations, str | Activation | type):
        named = [activations] * (count - 1) + [cost.partner]
    else:
        named = list(activations)
        if len(named) != count:
            raise ValueError(
                f"activations has {len(named)} entries, but {count} layers follow the input"
            )
    found, sigma = [_settled(layers[0], None)], cost.partner
    for l, (one, layer) in enumerate(zip(named, layers[1:], strict=True), start=1):
        sigma = _activations.get(one if layer.activation is None else layer.activation)
        if isinstance(sigma, _activations.PerNeuron) and len(sigma.functions) != layer.size:
            raise ValueError(
                f"layer {l} has {layer.size} neurons, but its PerNeuron "
                f"{len(sigma.functions)} functions"
            )
        found.append(_settled(layer, sigma))
    _costs.check_pair(cost, sigma)
    return Architecture(found)


def layers_from(sizes: Sequence[int], options: dict[str, dict[str, Any]]) -> list[int | Layer]:
    """Layers of what `Architecture.options` gave."""
    layers: list[int | Layer] = list(sizes)
    for l, own in options.items():
        if int(l) not in range(len(sizes)):
            raise ValueError(f"there are options of layer {l}, but {len(sizes)} layers")
        own = dict(own)
        if "normalization" in own:
            record = dict(own["normalization"])
            own["normalization"] = type(_normalization.get(record.pop("name")))(**record)
        layers[int(l)] = Layer(sizes[int(l)], **own)
    return layers


def _settled(layer: Layer, sigma: Activation | None) -> Layer:
    """A layer with objects in place of names."""
    norm = layer.normalization
    return layer.replaced(
        size=int(layer.size),
        activation=sigma,
        dropout=float(layer.dropout),  # a numpy.float64 would turn float32 arrays into float64
        noise=float(layer.noise),
        residual=bool(layer.residual),
        normalization=None if norm is None else _normalization.get(norm),
    )


def _check(l: int, layer: Layer, layers: Sequence[Layer]) -> None:
    """Raise where a layer's settings are out of range, or have no meaning in its place."""
    if isinstance(layer.size, bool) or not hasattr(layer.size, "__index__"):
        raise TypeError(f"sizes[{l}] must be an integer or a Layer, not {layer.size!r}")
    if layer.size < 1:
        raise ValueError(f"sizes[{l}] must be at least 1, not {layer.size}")
    for name in ("dropout", "noise"):
        if not isinstance(getattr(layer, name), Real):
            raise TypeError(f"layer {l}: {name} must be a number, not {getattr(layer, name)!r}")
    if not 0.0 <= layer.dropout < 1.0:
        raise ValueError(
            f"layer {l}: dropout must be at least 0 and less than 1, not {layer.dropout}"
        )
    if not 0.0 <= layer.noise < math.inf:
        raise ValueError(f"layer {l}: noise must be at least 0 and finite, not {layer.noise}")
    if l == 0:
        if layer.activation is not None:
            raise ValueError("the input layer has no activation, as it computes nothing")
        if layer.normalization is not None or layer.residual:
            raise ValueError("the input layer computes nothing that could be normalized or added")
        return
    if layer.noise:
        raise ValueError(f"layer {l} has noise {layer.noise:g}: noise is for the input layer")
    if l == len(layers) - 1:
        for name in ("dropout", "normalization", "residual"):
            if getattr(layer, name):
                raise ValueError(f"the output layer has {name}: that is for layers before it")
    if layer.residual and layers[l - 1].size != layer.size:
        raise ValueError(
            f"layer {l} has {layer.size} neurons and is residual, but layer {l - 1} has "
            f"{layers[l - 1].size}: they must be equal"
        )
