"""What may help after a divergence: not always a lower learning rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends import Array, Backend
from .divergence import advice_for

__all__ = ["advice_after_divergence"]

_UNSCALED = 1e3  # magnitudes beyond it may be why training diverges


def advice_after_divergence(
    backend: Backend,
    *,
    before_any_step: bool,
    theta: Array,
    samples: tuple[Array, Array] | None,
) -> str:
    """A sentence on what to change.

    Parameters
    ----------
    backend : Backend
    before_any_step : bool
        Whether the cost was not finite with the parameters that training began with: the learning
        rate has had no effect then.
    theta : array, shape (size,)
        The last finite parameters.
    samples : (x, y) or None
        On the device, where they are in memory.
    """
    dtype = backend.cast_dtype or backend.dtype
    largest = {"parameters": _magnitude(theta, backend)}
    if samples is not None:
        x, y = samples
        largest = {"inputs": _magnitude(x, backend), "targets": _magnitude(y, backend), **largest}
    if not before_any_step:
        told = [
            f"the {what} go up to {size:.3g} in magnitude"
            for what, size in largest.items()
            if what != "parameters" and size > _UNSCALED
        ]
        rate = advice_for(backend.cast_dtype)
        return f"{rate}. So may scaling: {' and '.join(told)}" if told else rate
    told = [f"{what} up to {size:.3g}" for what, size in largest.items()]
    began = f"No step had been done before it, with {', '.join(told)}"
    most = _MOST.get(dtype, float(np.finfo(np.float32).max))
    if max(largest.values()) < most**0.25 and samples is not None:
        return f"{began}: the cost, or an activation, is not defined for these outputs"
    wider = "" if backend.dtype == "float64" else ", or give the network dtype='float64'"
    if dtype == "float16":
        wider = ", or give the network compute_dtype='bfloat16'"
    return f"{began}, and {dtype} holds numbers up to {most:.3g}: scale what is large{wider}"


_MOST = {name: float(np.finfo(name).max) for name in ("float16", "float32", "float64")}


def _magnitude(array: Array, backend: Backend) -> float:
    """The largest magnitude of an array's entries."""
    xp: Any = backend.xp
    return float(xp.max(xp.abs(array)))
