"""Layer: the settings of one layer, as a user gives them."""

from __future__ import annotations

from collections.abc import Sequence

from .. import activations as _activations
from .. import normalization as _normalization
from .._lib.constraints import Integer, Number
from .._lib.frozen import Frozen
from ..activations import Activation
from ..normalization import Normalization

__all__ = ["Layer", "check_layer", "settled"]


class Layer(Frozen):
    """A layer of a network that is more than a number of neurons.

    Parameters
    ----------
    size : int
        Number of neurons.
    activation : str or Activation, optional
        By default the network's.
    dropout : float, optional
        Share of the layer's activations that each training step drops; the others are multiplied
        by ``1 / (1 - dropout)``. Of the input layer: share of its values (Srivastava et al., 2014).
    normalization : str or Normalization, optional
        ``"batch"`` or ``"layer"``: normalize the weighted inputs; see `bpnet.normalization`.
    residual : bool, optional
        Add the activations of the layer below, which must have the same size (He et al., 2016).
    noise : float, optional
        Only for the input layer: standard deviation of the normal noise that each training step
        adds.

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

    def in_words(self) -> str:
        """What it does beside its activation, as "batch norm, dropout 0.5"."""
        words = []
        if self.normalization is not None:
            words.append(f"{_normalization.get(self.normalization).name} norm")
        if self.dropout:
            words.append(f"dropout {self.dropout:g}")
        if self.noise:
            words.append(f"noise {self.noise:g}")
        if self.residual:
            words.append("residual")
        return ", ".join(words)

    def __str__(self) -> str:
        name = "" if self.activation is None else f" {_activations.get(self.activation).name}"
        words = self.in_words()
        return f"{self.size}{name}" + (f" ({words})" if words else "")


def settled(layer: Layer, sigma: Activation | None) -> Layer:
    """A layer whose names are replaced by objects and whose numbers are Python's own."""
    norm = layer.normalization
    return layer.replaced(
        size=int(layer.size),
        activation=sigma,
        dropout=float(layer.dropout),  # a numpy.float64 would turn float32 arrays into float64
        noise=float(layer.noise),
        residual=bool(layer.residual),
        normalization=None if norm is None else _normalization.get(norm),
    )


def check_layer(l: int, layer: Layer, layers: Sequence[Layer]) -> None:
    """Check layer number ``l``, the input being 0, by itself and among the others.

    Raises
    ------
    TypeError, ValueError
        If a setting is out of range, or has no meaning for this layer.
    """
    if isinstance(layer.size, bool) or not hasattr(layer.size, "__index__"):
        raise TypeError(f"sizes[{l}] must be an integer or a Layer, not {layer.size!r}")
    Integer(1)(f"sizes[{l}]", layer.size)
    Number(0.0, 1.0)(f"layer {l}: dropout", layer.dropout)
    Number(0.0)(f"layer {l}: noise", layer.noise)
    if l == 0:
        if layer.activation is not None:
            raise ValueError("the input layer computes nothing, so it takes no activation")
        if layer.normalization is not None or layer.residual:
            raise ValueError(
                "the input layer computes nothing, so it takes neither normalization nor residual"
            )
        return
    if layer.noise:
        raise ValueError(
            f"layer {l} has noise {layer.noise:g}, but only the input layer, sizes[0], may"
        )
    if l == len(layers) - 1:
        for name in ("dropout", "normalization", "residual"):
            if getattr(layer, name):
                raise ValueError(f"the output layer takes no {name}: give it to a layer before it")
    if layer.residual and layers[l - 1].size != layer.size:
        raise ValueError(
            f"layer {l} has {layer.size} neurons and is residual, but layer {l - 1} has "
            f"{layers[l - 1].size}: they must be equal"
        )
