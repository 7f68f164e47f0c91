"""What may help after a divergence: not always a lower learning rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends import Array, Backend
from ..data.sparse import SparseRows

__all__ = ["advice_after_divergence"]

_UNSCALED = 1e3  # magnitudes beyond it may be why training diverges
_LARGEST = {name: float(np.finfo(name).max) for name in ("float16", "float32", "float64")}


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
        On the device, where they are in memory; x may be sparse rows.
    """
    x, y = samples or (None, None)
    named = {"inputs": x, "targets": y, "parameters": theta}
    sizes = {what: _magnitude(one, backend) for what, one in named.items() if one is not None}
    if before_any_step:
        return _of_magnitudes(sizes, backend)
    del sizes["parameters"]
    unscaled = [
        f"the {what} go up to {size:.3g}" for what, size in sizes.items() if size > _UNSCALED
    ]
    rate = "A lower learning rate may help"
    if backend.cast_dtype == "float16":
        rate += ", or compute_dtype='bfloat16': in float16 numbers beyond 65504 are infinite"
    return f"{rate}. So may scaling: {' and '.join(unscaled)} in magnitude" if unscaled else rate


def _of_magnitudes(sizes: dict[str, float], backend: Backend) -> str:
    """What to change if the very first cost is not finite."""
    dtype = backend.cast_dtype or backend.dtype
    largest = _LARGEST.get(dtype, _LARGEST["float32"])  # whose range bfloat16 and TF32 share
    told = ", ".join(f"{what} up to {size:.3g}" for what, size in sizes.items())
    began = f"No step had been done before it, with {told}"
    if "inputs" in sizes and max(sizes.values()) < largest**0.25:
        return f"{began}: the cost, or an activation, is not defined for these outputs"
    wider = "" if backend.dtype == "float64" else ", or give the network dtype='float64'"
    if dtype == "float16":
        wider = ", or give the network compute_dtype='bfloat16'"
    return f"{began}, and {dtype} holds numbers up to {largest:.3g}: scale what is large{wider}"


def _magnitude(array: Array, backend: Backend) -> float:
    """The largest magnitude of an array's entries."""
    if isinstance(array, SparseRows):
        return max(map(abs, array.extremes()))
    xp: Any = backend.xp
    return float(xp.max(xp.abs(array)))
