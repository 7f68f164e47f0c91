"""The gradient of a model's cost over a mini-batch, as one flat vector."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._lib.frozen import Frozen
from ..activations import Activation
from ..activations.base import cast_like
from ..backends import Array
from ..backprop import backprop
from ..costs import Cost
from ..normalization import widened
from .model import Model

__all__ = ["TINY", "BatchGradient", "Gradients", "PartOfBatch", "ShareOfCost", "gradient"]

TINY = 1e-30
"""Less than any weight that counts, so that a mini-batch without weight moves nothing."""


class BatchGradient(NamedTuple):
    """What a pass forward and back over a mini-batch gives.

    Parameters
    ----------
    theta : array, shape (size,)
        The derivative by each parameter.
    z : array, shape (m, n_L)
        Weighted input of the output layer.
    running : tuple of array
        Running means and variances after the mini-batch; empty without batch normalization.
    """

    theta: Array
    z: Array
    running: tuple[Array, ...]


class PartOfBatch(NamedTuple):
    """Which of a mini-batch's samples are given, where others are computed elsewhere.

    Parameters
    ----------
    first : int
        Number of the first of them within the mini-batch.
    of : int
        Samples of the whole mini-batch.
    """

    first: int
    of: int


class Gradients(Frozen):
    """Gradient of the mean cost, shaped like the parameters.

    Parameters
    ----------
    weights : list of array
        (n_l, n_{l-1}) each.
    biases : list of array
        (n_l,) each.
    scales, shifts : list of array
        (n_l,) each, of the layers that normalize.

    Examples
    --------
    >>> import bpnet
    >>> gradients = bpnet.Network([2, 3, 1], seed=0).backprop([[0.0, 1.0]], [[1.0]])
    >>> [nabla_w.shape for nabla_w in gradients.weights]
    [(3, 2), (1, 3)]
    """

    weights: list[Array]
    biases: list[Array]
    scales: Sequence[Array] = ()
    shifts: Sequence[Array] = ()


def gradient(
    model: Model,
    xp: Any,
    theta: Array,
    running: tuple[Array, ...],
    x: Array,
    y: Array,
    *,
    mean: bool = True,
    keys: Mapping[tuple[int, str], Any] | None = None,
    weighted: bool = False,
    accumulate: int = 1,
    compute: str = "",
    scale: Array = None,
    part: PartOfBatch | None = None,
) -> BatchGradient:
    """Gradient of the cost of a mini-batch, by BP1-BP4.

    Parameters
    ----------
    model : Model
    xp : namespace
    theta : array, shape (size,)
    running : tuple of array
        Running means and variances of batch normalization; may be empty.
    x : array, shape (m, n_0)
    y : array, shape (m, n_L), or (m, n_L + 1)
        Targets; with ``weighted`` the last column holds the samples' weights.
    mean : bool, optional
        Of the mean cost, or of the sum over the samples, each times its weight.
    keys : dict, optional
        Of what is random; see `Architecture.passes`.
    weighted : bool, optional
    accumulate : int, optional
        Number of parts in which the mini-batch is computed, one after another.
    compute : str, optional
        Type of activations and of gradients by them; empty for that of the parameters, which costs,
        targets, weights of samples and statistics keep.
    scale : array, shape (1,), optional
        Multiplies gradients on their way back, so that float16 does not lose small ones.
    part : PartOfBatch, optional
        What ``x`` is, where it is not the whole mini-batch. The gradient is then this part's share
        of that of the mean cost, as if the weights of all samples had a mean of 1.

    Returns
    -------
    BatchGradient
    """
    architecture, layout = model.architecture, model.layout
    keys, own = keys or {}, theta.dtype
    m, total, outputs = x.shape[0], None, []
    first, of = part or (0, m)
    if compute:
        low = getattr(xp, compute)
        theta, x = xp.astype(theta, low), xp.astype(x, low)
    w, b = layout.split(theta, xp)
    weight = None
    if weighted:
        weight = y[:, -1:]
        y = y[:, :-1]
        if mean and part is None:
            weight = weight * (m / xp.maximum(xp.sum(weight, axis=0, keepdims=True), TINY))
    for rows in _parts(m, accumulate):
        whole = rows == slice(0, m)
        x_k, y_k = (x, y) if whole else (x[rows, :], y[rows, :])
        x_k = architecture.input(x_k, keys, first + rows.start, xp)
        passes = architecture.passes(theta, None, x_k, xp, keys, first + rows.start)
        cost: Any = model.cost
        if mean or weighted:
            share: Any = 1.0 if scale is None else scale
            if mean:
                share = share * (1.0 / of)
            if weight is not None:
                share = share * (weight if whole else weight[rows, :])
            cost = ShareOfCost(cost, share)
        nabla_w, nabla_b, z = backprop(w, b, passes, cost, x_k, y_k, xp)
        norms = [passes[l].nabla_scale for l in architecture.norms]
        norms += [passes[l].nabla_shift for l in architecture.norms]
        if mean:  # of a training step: normalized away, and what is left is rounding
            for l in architecture.batch_norm_layers:
                nabla_b[l] = xp.zeros_like(nabla_b[l])
        nabla = layout.join(nabla_w, nabla_b, xp, norms)
        if compute:
            nabla, z = xp.astype(nabla, own), xp.astype(z, own)
        total = nabla if total is None else total + nabla
        outputs.append(z)
        if running:
            running = (architecture.updated_running(running[0], passes, x_k.shape[0], xp),)
    z = outputs[0] if len(outputs) == 1 else xp.concat(outputs, axis=0)
    return BatchGradient(total if scale is None else total / scale, z, running)


class ShareOfCost:
    """A cost of which each sample counts for a share: 1/m of the mean, times its weight.

    It is computed in float32 where the layers compute in a smaller type.

    Parameters
    ----------
    cost : Cost
    share : float or array, shape (1,) or (m, 1)
    """

    def __init__(self, cost: Cost, share: Any) -> None:
        self._cost, self._share = cost, share

    def output_error(self, sigma: Activation, z: Array, a: Array, y: Array, xp: Any) -> Array:
        """Delta of the output layer, shape (m, n_L)."""
        wide = widened(z, xp)
        if wide is not z:
            a = sigma.value(wide, xp)
        return cast_like(z, self._cost.output_error(sigma, wide, a, y, xp) * self._share, xp)


def _parts(m: int, count: int) -> list[slice]:
    """A mini-batch in ``count`` parts, or fewer if it has fewer samples."""
    size = math.ceil(m / count)
    return [slice(start, min(start + size, m)) for start in range(0, m, size)]
