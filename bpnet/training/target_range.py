"""A warning if the output layer cannot reach its targets."""

from __future__ import annotations

import math
import warnings

import numpy as np

from .. import activations as _activations
from ..activations import Activation, PerNeuron
from ..backends import Array, Backend
from ..model import Model

__all__ = ["out_of_range", "warn_if_out_of_range"]


def warn_if_out_of_range(model: Model, backend: Backend, y: Array, name: str = "y") -> bool:
    """Warn if targets lie outside the range of the output layer's activation.

    Parameters
    ----------
    model : Model
    backend : Backend
    y : array, shape (m, n_L)
    name : str, optional
        What the message calls y.

    Returns
    -------
    bool
        Whether there was a warning.
    """
    told = out_of_range(model, backend, y, name)
    if told:
        warnings.warn(told, stacklevel=2)
    return bool(told)


def out_of_range(model: Model, backend: Backend, y: Array, name: str = "y") -> str:
    """What `warn_if_out_of_range` warns of; empty if all targets can be reached."""
    output, n = model.output, model.sizes[-1]
    if output.range == (-math.inf, math.inf) and not isinstance(output, PerNeuron):
        return ""
    xp = backend.xp
    extremes = xp.stack([xp.min(y, axis=0), xp.max(y, axis=0)])
    lows, highs = backend.to_numpy(extremes).astype(np.float64).tolist()
    each = [_activations.get(one) for one in getattr(output, "functions", ())] or [output] * n
    for j, (sigma, low, high) in enumerate(zip(each, lows, highs, strict=True)):
        if low < sigma.range[0] or high > sigma.range[1]:
            what = name if n == 1 else f"column {j} of {name}"
            return (
                f"{what} goes from {low:g} to {high:g}, which the network cannot reach: its "
                f"{sigma.name} outputs {_in_words(*sigma.range)}. {_way_out(model)}"
            )
    return ""


def _in_words(low: float, high: float) -> str:
    if low == -math.inf:
        return f"are at most {high:g}"
    return f"are at least {low:g}" if high == math.inf else f"lie between {low:g} and {high:g}"


def _way_out(model: Model) -> str:
    """Activations without that bound, and what to do with the targets otherwise."""
    unbounded = model.cost.domain == (-math.inf, math.inf)
    wanted = _activations.get("identity") if unbounded else model.cost.partner
    sigma: tuple[Activation, ...] = (*model.architecture.sigma[:-1], wanted)
    names = [one.name for one in sigma]
    known = all(one.name in _activations.BUILT_IN for one in sigma)
    chosen = f"activations={names}" if known else f"{wanted.name} outputs"
    return f"Use {chosen}, or scale the targets to that range"
