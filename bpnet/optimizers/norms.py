"""Euclidean norms beside a bound, where a plain sum of squares is not a number of its type."""

from __future__ import annotations

import math
from typing import Any

from ..backends import Array

__all__ = ["scaled_norm"]

_DOWN = 40  # binary digits from the bound down: in float32, squares of 1e-7 of it are still numbers
_MOST = 60


def scaled_norm(rows: Array, bound: float, xp: Any) -> tuple[float, Array]:
    """A power of two near ``2**-40 / bound``, and the norms of the rows times that.

    In float32 the squares of numbers beyond 2e19 are infinite. Times that power, numbers up to 2e31
    times the bound have a norm, and those that are lost, below 1e-7 of the bound, do not count
    beside it. For all others the power changes no digit.

    Parameters
    ----------
    rows : array, shape (k, n)
    bound : float
        To which the norms will be compared, greater than 0.
    xp : namespace

    Returns
    -------
    scale : float
    norms : array, shape (k, 1)
        NaN in place of infinity, so that nothing is divided by it and called zero.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.optimizers.norms import scaled_norm
    >>> scale, norms = scaled_norm(np.asarray([[3e25, 4e25]], dtype="float32"), 1.0, np)
    >>> np.allclose(norms / scale, 5e25)
    True
    """
    # Below 2**-40 bounds are met as they are: what they bound may be of any size.
    scale = 2.0 ** -min(max(_DOWN + round(math.log2(bound)), 0), _MOST)
    scaled = rows * scale
    norms = xp.sqrt(xp.sum(scaled * scaled, axis=1, keepdims=True))
    return scale, norms + 0.0 * norms
