"""The rectifier, its variants for negative z, and its smooth form."""

from __future__ import annotations

import math
from typing import Any

from ..backends import Array, namespace
from .base import Activation

__all__ = ["ELU", "LeakyReLU", "ReLU", "Softplus"]


class ReLU(Activation):
    """``max(z, 0)``; the derivative at 0 is taken as 0.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> bpnet.activations.ReLU().value(np.asarray([-1.0, 2.0]))
    array([0., 2.])
    """

    name = "relu"
    range = (0.0, math.inf)
    attains_bounds = True
    kinks = (0.0,)
    rectifier = True

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.maximum(z, 0.0)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.astype(z > 0.0, z.dtype)


class LeakyReLU(Activation):
    """``z`` where positive, else ``slope * z``.

    Parameters
    ----------
    slope : float, optional

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> bpnet.activations.LeakyReLU(0.25).value(np.asarray([-1.0, 2.0]))
    array([-0.25,  2.  ])
    """

    slope: float = 0.01

    name = "leaky_relu"
    kinks = (0.0,)
    rectifier = True

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.where(z > 0.0, z, self.slope * z)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return self.slope + (1.0 - self.slope) * xp.astype(z > 0.0, z.dtype)


class ELU(Activation):
    """``z`` where positive, else ``alpha * (exp(z) - 1)`` (Clevert et al., 2016).

    Parameters
    ----------
    alpha : float, optional

    Notes
    -----
    Small slopes keep their digits. Hidden layers compute them faster, small ones then right in
    absolute terms only: see ``docs/accuracy.md``.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> bpnet.activations.ELU(0.5).value(np.asarray([-1000.0, 2.0]))
    array([-0.5,  2. ])
    """

    alpha: float = 1.0

    name = "elu"
    kinks = (0.0,)
    rectifier = True

    @property
    def range(self) -> tuple[float, float]:  # type: ignore[override]  # its parameter says it
        return min(-self.alpha, 0.0), math.inf

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.where(z > 0.0, z, self.alpha * xp.expm1(xp.minimum(z, 0.0)))

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.where(z > 0.0, xp.ones_like(z), self.alpha * xp.exp(xp.minimum(z, 0.0)))


class Softplus(Activation):
    """``log(1 + exp(z))``, free of overflow.

    Notes
    -----
    Small slopes keep their digits. Hidden layers compute them faster, small ones then right in
    absolute terms only: see ``docs/accuracy.md``.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> bpnet.activations.Softplus().value(np.asarray([-1000.0, 1000.0]))
    array([   0., 1000.])
    """

    name = "softplus"
    increasing = True
    range = (0.0, math.inf)
    rectifier = True

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.maximum(z, 0.0) + xp.log1p(xp.exp(-xp.abs(z)))

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.sigmoid(z)
