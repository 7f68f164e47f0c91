"""What an activation function is."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from .._lib.validation import Validated
from ..backends import Array

__all__ = ["Activation", "cast_like"]

_UNBOUNDED = (-math.inf, math.inf)
_NOWHERE: tuple[float, ...] = ()


class Activation(Validated):
    """A function sigma that a layer applies to its weighted input z.

    Subclasses are immutable, and equal where their fields are. A field annotated ``float``,
    ``int`` or ``bool`` is checked, and converted from NumPy's types, when the object is made.

    Attributes
    ----------
    name : str
        What users and files call it.
    range : (float, float)
        Bounds of the values.
    attains_bounds : bool
        Whether a finite bound is itself a value, as 0 is of the rectifier.
    kinks : tuple of float
        Where the derivative jumps; differences across such a point prove nothing.
    increasing : bool
        Whether the neuron of a layer with the largest z also has the largest a.
    rectifier : bool
        Whether it rectifies, sharply or smoothly, so that weights start larger (He et al., 2015).
    """

    name: ClassVar[str]
    range = _UNBOUNDED
    attains_bounds = False
    kinks = _NOWHERE
    increasing = False
    rectifier = False

    def value(self, z: Array, xp: Any = None) -> Array:
        """The activation ``a = sigma(z)``, shape (m, n)."""
        raise NotImplementedError

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        """``sigma'(z)``, shape (m, n), given ``a = sigma(z)``."""
        raise NotImplementedError

    def pullback(self, g: Array, z: Array, a: Array, xp: Any = None) -> Array:
        """The gradient by z, shape (m, n), from the gradient ``g`` by a."""
        return g * self.derivative(z, a, xp)

    def consists_of(self, kind: type[Activation]) -> bool:
        """Whether every neuron's function is of that type, and of no subclass."""
        return type(self) is kind


def cast_like(z: Array, found: Array, xp: Any) -> Array:
    """``found`` in the type of ``z``; a Python number, which has none, as it is."""
    same = getattr(found, "dtype", z.dtype) == z.dtype
    return found if same else xp.astype(found, z.dtype)
