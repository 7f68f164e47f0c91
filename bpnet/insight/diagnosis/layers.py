"""Figures of each layer, from one recorded pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._lib.frozen import Frozen
from ...activations import Activation, PerNeuron
from ...backends import Backend, get_backend
from ...model import Model
from ..recording import LayerRecord, Recording
from .thresholds import DEAD, FLAT

__all__ = ["LayerFigures", "measured_layers"]

_FAR = 30.0  # where every activation function is as flat as it becomes
_SLOPES = np.concatenate([np.linspace(-4.0, 4.0, 161), [-_FAR, _FAR]])


class LayerFigures(Frozen):
    """One layer on the samples.

    Parameters
    ----------
    layer : int
        The first after the input is 1.
    neurons : int
    activation : str
    saturated : float or None
        Share of activations at which sigma'(z) is below a tenth of its largest value; None for a
        function that is flat on one side or on none.
    dead : float or None
        Share of neurons at which sigma'(z) is almost 0 on every sample; None for a function that is
        flat nowhere.
    slope : float or None
        Mean of sigma'(z); None where that is a matrix.
    steepest : float or None
        The largest value of sigma'(z) between -4 and 4.
    z : float
        Root mean square of the weighted inputs.
    delta : float
        Root mean square, over the samples, of the length of delta.
    weights, gradient : float
        Lengths of w and of the gradient by w.
    spread : float
        Root mean square of w times sqrt(n_{l-1}): about 1 keeps z as large as the input.
    bias : float
        Mean of the biases.
    symmetric : bool
        Whether all neurons have the same weights, below and above, and so the same gradient.
    update : float or None
        Length of a step's change of w, over that of w; None where no step was tried.
    wrong : float or None
        Of an output layer that BP1 multiplies by sigma'(z): share of its activations that are
        saturated far from the target.
    """

    layer: int
    neurons: int
    activation: str
    saturated: float | None
    dead: float | None
    slope: float | None
    steepest: float | None
    z: float
    delta: float
    weights: float
    gradient: float
    spread: float
    bias: float
    symmetric: bool
    update: float | None = None
    wrong: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The fields, by name."""
        return {name: getattr(self, name) for name in self.fields}


def measured_layers(
    model: Model, backend: Backend, theta: Any, found: Recording
) -> tuple[LayerFigures, ...]:
    """The figures of all layers; NumPy computes them, in float64."""
    w, b = model.layout.split(_host(backend, theta), np)
    y, depth = _host(backend, found.y), len(w)
    unmatched = not model.cost.matches(model.output)
    return tuple(
        _measured(
            l + 1,
            w[l],
            b[l],
            model.architecture.sigma[l],
            backend,
            found.layers[l],
            y if l == depth - 1 and unmatched else None,
            l < depth - 1 and _are_alike(model, l, w, b),
        )
        for l in range(depth)
    )


def _are_alike(model: Model, l: int, w: list[NDArray[Any]], b: list[NDArray[Any]]) -> bool:
    """Whether all neurons of a hidden layer are one, repeated, with equal gradients for ever."""
    layer = model.architecture.layers[l + 1]
    if layer.size == 1 or layer.residual or layer.dropout:
        return False
    if isinstance(model.architecture.sigma[l], PerNeuron):
        return False
    return _alike(np.column_stack([w[l], b[l]])) and _alike(w[l + 1].T)


def _measured(
    layer: int,
    w: NDArray[Any],
    b: NDArray[Any],
    sigma: Activation,
    backend: Backend,
    found: LayerRecord,
    y: NDArray[Any] | None,
    symmetric: bool,
) -> LayerFigures:
    saturated = dead = slope = steepest = wrong = None
    if found.sigma_prime is not None:
        slopes = np.abs(_host(backend, found.sigma_prime))
        largest, low, high = _reference(sigma, w.shape[0])
        slope, steepest = float(slopes.mean()), float(largest.max())
        both, either = low & high, low | high
        if both.any():
            saturated = float((slopes < FLAT * largest)[:, both].mean())
        if either.any():
            dead = float((slopes < DEAD * largest).all(axis=0)[either].mean())
        if y is not None and both.any():
            off = np.abs(_host(backend, found.a) - y) > 0.5
            wrong = float((off & (slopes < FLAT * largest))[:, both].mean())
    z, delta = _host(backend, found.z), _host(backend, found.delta)
    nabla_w = _host(backend, found.nabla_w)
    spread = _rms(w) * float(np.sqrt(w.shape[1]))
    return LayerFigures(
        layer=layer,
        neurons=w.shape[0],
        activation=sigma.name,
        saturated=saturated,
        dead=dead,
        slope=slope,
        steepest=steepest,
        z=_rms(z),
        delta=_rms(delta) * float(np.sqrt(delta.shape[1])),
        weights=float(np.linalg.norm(w)),
        gradient=float(np.linalg.norm(nabla_w)),
        spread=spread,
        bias=float(b.mean()),
        symmetric=symmetric,
        wrong=wrong,
    )


def _reference(sigma: Activation, n: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Of each neuron: its largest slope, and whether it is flat far below 0, and far above."""
    xp: Any = get_backend("numpy", dtype="float64").xp
    z = np.repeat(_SLOPES[:, None], n, axis=1)
    with np.errstate(all="ignore"):
        found = sigma.derivative(z, sigma.value(z, xp), xp)
    slopes = np.abs(np.broadcast_to(np.asarray(found, dtype=np.float64), z.shape))
    largest = slopes[:-2].max(axis=0)
    return largest, slopes[-2] < DEAD * largest, slopes[-1] < DEAD * largest


def _alike(rows: NDArray[Any]) -> bool:
    return bool(np.abs(rows - rows[:1]).max() <= 1e-6 * np.abs(rows).max())


def _rms(values: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(values * values)))


def _host(backend: Backend, array: Any) -> NDArray[Any]:
    return backend.to_numpy(array).astype(np.float64)
