"""Activation functions: the value and the derivative of each sigma.

Each is written with functions of the array API standard, through a namespace ``xp`` that is
inferred from the argument where it is not given.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ._lib.frozen import Frozen
from ._lib.registry import lookup, to_record
from .backends import Array, namespace

__all__ = [
    "ELU",
    "GELU",
    "Activation",
    "CustomActivation",
    "Exponential",
    "Identity",
    "LeakyReLU",
    "PerNeuron",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "get",
]

_INFINITE = (-math.inf, math.inf)
_NOWHERE: tuple[float, ...] = ()


class Activation(Frozen):
    """A function sigma that a layer applies to its weighted input z.

    Attributes
    ----------
    name : str
        What users and files call it.
    range : (float, float)
        Bounds of the values.
    attains_bounds : bool
        Whether a finite bound is itself a value, as 0 is of the rectifier.
    kinks : tuple of float
        Where a derivative jumps; differences across such a point prove nothing.
    increasing : bool
        Whether of a layer's neurons the one with the largest z has the largest a.
    """

    name: ClassVar[str]
    range = _INFINITE
    attains_bounds = False
    kinks = _NOWHERE
    increasing = False

    def value(self, z: Array, xp: Any = None) -> Array:
        """The activation ``a = sigma(z)``, shape (m, n)."""
        raise NotImplementedError

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        """``sigma'(z)``, shape (m, n), where ``a = sigma(z)`` is known already."""
        raise NotImplementedError

    def pullback(self, g: Array, z: Array, a: Array, xp: Any = None) -> Array:
        """The gradient by z, shape (m, n), from the gradient ``g`` by a."""
        return g * self.derivative(z, a, xp)


class Sigmoid(Activation):
    """``1 / (1 + exp(-z))``, free of overflow.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> bpnet.activations.Sigmoid().value(np.asarray([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """

    name = "sigmoid"
    increasing = True
    range = (0.0, 1.0)

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.sigmoid(z)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        return a * (1.0 - a)


class Tanh(Activation):
    """Hyperbolic tangent."""

    name = "tanh"
    increasing = True
    range = (-1.0, 1.0)

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.tanh(z)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        return 1.0 - a * a


class ReLU(Activation):
    """``max(z, 0)``; the derivative at 0 is taken as 0."""

    name = "relu"
    range = (0.0, math.inf)
    attains_bounds = True
    kinks = (0.0,)

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.maximum(z, 0.0)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.astype(z > 0.0, z.dtype)


class LeakyReLU(Activation):
    """``z`` where positive, else ``slope * z``."""

    slope: float = 0.01

    name = "leaky_relu"
    kinks = (0.0,)

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.where(z > 0.0, z, self.slope * z)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return self.slope + (1.0 - self.slope) * xp.astype(z > 0.0, z.dtype)


class ELU(Activation):
    """``z`` where positive, else ``alpha * (exp(z) - 1)`` (Clevert et al., 2016)."""

    alpha: float = 1.0

    name = "elu"
    kinks = (0.0,)

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.where(z > 0.0, z, self.alpha * xp.expm1(xp.minimum(z, 0.0)))

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.where(z > 0.0, 1.0 + 0.0 * z, a + self.alpha)


class GELU(Activation):
    """``z * Phi(z)``, Phi being the normal distribution (Hendrycks and Gimpel, 2016).

    Parameters
    ----------
    approximate : bool, optional
        Use the form with tanh in place of the error function.
    """

    approximate: bool = False

    range = (-0.18, math.inf)

    @property
    def name(self) -> str:  # type: ignore[override]  # two names, one formula each
        return "gelu_tanh" if self.approximate else "gelu"

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return z * self._gate(z, xp)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        gate = self._gate(z, xp)
        if self.approximate:
            inner = 2.0 * math.sqrt(2.0 / math.pi) * (1.0 + 0.134145 * z * z)
            return gate + z * gate * (1.0 - gate) * inner
        return gate + z * xp.exp(-0.5 * z * z) * (1.0 / math.sqrt(2.0 * math.pi))

    def _gate(self, z: Array, xp: Any) -> Array:
        if self.approximate:
            inner = math.sqrt(2.0 / math.pi) * z * (1.0 + 0.044715 * z * z)
            return 0.5 * xp.tanh(inner) + 0.5
        return 0.5 * xp.erf(z * math.sqrt(0.5)) + 0.5


class SiLU(Activation):
    """``z * sigmoid(z)``, also called swish."""

    name = "silu"
    range = (-0.28, math.inf)

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return z * xp.sigmoid(z)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        gate = xp.sigmoid(z)
        return gate + a * (1.0 - gate)


class Softplus(Activation):
    """``log(1 + exp(z))``, free of overflow."""

    name = "softplus"
    increasing = True
    range = (0.0, math.inf)

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.maximum(z, 0.0) + xp.log1p(xp.exp(-xp.abs(z)))

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.sigmoid(z)


class Exponential(Activation):
    """``exp(z)``, the output that goes with the Poisson cost."""

    name = "exponential"
    increasing = True
    range = (0.0, math.inf)

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.exp(z)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        return a


class Identity(Activation):
    """``z`` itself: a linear layer."""

    name = "identity"
    increasing = True

    def value(self, z: Array, xp: Any = None) -> Array:
        return z

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.ones_like(z)

    def pullback(self, g: Array, z: Array, a: Array, xp: Any = None) -> Array:
        return g


class Softmax(Activation):
    """``exp(z_j) / sum_k exp(z_k)`` over the neurons of a layer.

    The only one whose value in a neuron depends on the others: its derivative is a matrix, so
    `derivative` raises and `pullback` is that matrix's product, ``a * (g - sum(g * a))``.
    """

    name = "softmax"
    increasing = True
    range = (0.0, 1.0)

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        e = xp.exp(z - xp.max(z, axis=-1, keepdims=True))
        return e / xp.sum(e, axis=-1, keepdims=True)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        raise TypeError("softmax mixes the neurons of a layer: its derivative is the pullback")

    def pullback(self, g: Array, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return a * (g - xp.sum(g * a, axis=-1, keepdims=True))


class CustomActivation(Activation):
    """An activation of one's own: a value and a derivative.

    Parameters
    ----------
    value_of : callable
        ``value_of(z, xp)``, elementwise, in functions of the array API standard, which ``xp`` has.
    derivative_of : callable
        ``derivative_of(z, a, xp)`` with ``a = value_of(z, xp)``.
    name : str, optional
        What files call it; `bpnet.load` is given it back under that name.
    range : (float, float), optional
        Bounds of the values, for the costs that need to know.
    kinks : tuple of float, optional
        Where the derivative jumps.

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

    value_of: Callable[[Array, Any], Array]
    derivative_of: Callable[[Array, Array, Any], Array]
    name: str = "custom"  # type: ignore[misc]  # here each object has its own
    range: tuple[float, float] = _INFINITE
    kinks: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.name in _BUILT_IN:
            raise ValueError(f"the name {self.name!r} is that of one of bpnet's own")

    def value(self, z: Array, xp: Any = None) -> Array:
        return self.value_of(z, xp or namespace(z))

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        return self.derivative_of(z, a, xp or namespace(z))


class PerNeuron(Activation):
    """A function of its own for each neuron of a layer (the book's exercise on a changed neuron).

    Parameters
    ----------
    functions : sequence of str or Activation
        One a neuron. Softmax, which is no function of one neuron, raises.

    Examples
    --------
    >>> import bpnet
    >>> mixed = bpnet.activations.PerNeuron(["sigmoid", "sigmoid", "tanh"])
    >>> bpnet.Network([2, 3, 1], activations=[mixed, "sigmoid"], seed=0)
    Network(2 -> 3 per_neuron(sigmoid x2, tanh) -> 1 sigmoid, cost=quadratic, 13 parameters,
            numpy on cpu, float32)
    """

    functions: Sequence[str | Activation]

    def __post_init__(self) -> None:
        functions = tuple(get(one) for one in self.functions)
        if not functions:
            raise ValueError("PerNeuron needs a function a neuron, and has none")
        for one in functions:
            if isinstance(one, Softmax | PerNeuron):
                raise ValueError(
                    f"PerNeuron needs functions of one neuron each, and {one.name} is none"
                )
        object.__setattr__(self, "functions", functions)

    @functools.cached_property
    def _runs(self) -> list[tuple[Activation, slice]]:
        """Neighbours with the same function, and which columns are theirs."""
        runs, start = [], 0
        for one, equals in itertools.groupby(get(one) for one in self.functions):
            stop = start + len(list(equals))
            runs.append((one, slice(start, stop)))
            start = stop
        return runs

    @property
    def name(self) -> str:  # type: ignore[override]  # tells what is mixed
        counts = Counter(get(one).name for one in self.functions)
        inner = ", ".join(f"{name} x{n}" if n > 1 else name for name, n in counts.items())
        return f"per_neuron({inner})"

    @property
    def range(self) -> tuple[float, float]:  # type: ignore[override]  # that of all together
        ranges = [one.range for one, _ in self._runs]
        return min(low for low, _ in ranges), max(high for _, high in ranges)

    @property
    def attains_bounds(self) -> bool:  # type: ignore[override]
        return any(one.attains_bounds for one, _ in self._runs)

    @property
    def kinks(self) -> tuple[float, ...]:  # type: ignore[override]
        return tuple(sorted({kink for one, _ in self._runs for kink in one.kinks}))

    def value(self, z: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        return xp.concat([one.value(z[:, part], xp) for one, part in self._runs], axis=1)

    def derivative(self, z: Array, a: Array, xp: Any = None) -> Array:
        xp = xp or namespace(z)
        parts = [one.derivative(z[:, part], a[:, part], xp) for one, part in self._runs]
        return xp.concat(parts, axis=1)


_BUILT_IN: dict[str, Callable[..., Activation]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "gelu": GELU,
    "gelu_tanh": lambda: GELU(approximate=True),
    "silu": SiLU,
    "softplus": Softplus,
    "exponential": Exponential,
    "identity": Identity,
    "softmax": Softmax,
}


def get(activation: str | Activation) -> Activation:
    """The activation of that name, or the argument where it is one.

    Parameters
    ----------
    activation : str or Activation

    Returns
    -------
    Activation

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.activations.get("tanh")
    Tanh()
    """
    return lookup(activation, _BUILT_IN, Activation, "activation")


def to_dict(activation: Activation) -> dict[str, Any]:
    """Name and parameters, as a model's file keeps them."""
    if isinstance(activation, PerNeuron):
        return {"name": "per_neuron", "functions": [to_dict(get(f)) for f in activation.functions]}
    return to_record(activation)


def from_dict(record: dict[str, Any], custom: dict[str, Any]) -> Activation:
    """What `to_dict` wrote; ``custom`` has objects for the names that bpnet does not know."""
    options = dict(record)
    name = options.pop("name")
    if name == "per_neuron":
        return PerNeuron([from_dict(one, custom) for one in options["functions"]])
    if name in custom:
        return get(custom[name])
    get(name)  # names the name where it is unknown
    options.pop("approximate", None)  # the name says it
    return _BUILT_IN[name](**options)
