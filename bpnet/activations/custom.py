"""An activation from two functions of the user's own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .._lib.constraints import Constraints, Each, Function, Number, Text
from ..backends import Array, namespace
from .base import Activation, cast_like
from .registry import BUILT_IN

__all__ = ["CustomActivation"]


class CustomActivation(Activation):
    """An activation of one's own: a value and a derivative.

    Parameters
    ----------
    value_of : callable
        ``value_of(z, xp)``, elementwise, in functions of the array API standard, which ``xp`` has.
    derivative_of : callable
        ``derivative_of(z, a, xp)`` with ``a = value_of(z, xp)``.
    name : str, optional
        What files call it; `bpnet.load` takes the object again under that name.
    range : (float, float), optional
        Bounds of the values, for the costs that need to know.
    kinks : sequence of float, optional
        Where the derivative jumps.

    Notes
    -----
    Both results are used in the type of z: constants of a wider one, as a ``numpy.float64``, do
    not widen the network.

    A network compiles both, with the constants that they have then. Make another object for other
    constants, or call `Network.recompile` after a change.

    Examples
    --------
    >>> import bpnet
    >>> softsign = bpnet.activations.CustomActivation(
    ...     lambda z, xp: z / (1 + xp.abs(z)),
    ...     lambda z, a, xp: (1 - xp.abs(a)) ** 2,
    ...     name="softsign",
    ... )
    >>> net = bpnet.Network([2, 3, 1], activations=[softsign, "sigmoid"], seed=0)
    >>> bpnet.gradient_check(net, [[0.1, 0.2]], [[1.0]]).passed
    True
    """

    constraints = Constraints(
        value_of=Function("(z, xp)"),
        derivative_of=Function("(z, a, xp)"),
        name=Text(),
        range=Each(Number(finite=False), length=2),
        kinks=Each(Number()),
    )

    value_of: Callable[[Array, Any], Array]
    derivative_of: Callable[[Array, Array, Any], Array]
    name: str = "custom"  # type: ignore[misc]  # here each object has its own
    range: tuple[float, float] = (-math.inf, math.inf)
    kinks: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.name in BUILT_IN:
            raise ValueError(
                f"the name {self.name!r} is that of one of bpnet's own: choose another"
            )
        low, high = self.range
        if low > high:
            raise ValueError(f"range must go from low to high, not from {low:g} to {high:g}")

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return cast_like(z, self.value_of(z, xp), xp)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return cast_like(z, self.derivative_of(z, a, xp), xp)
