"""Cost functions: the value of each C_x, its gradient by a, and where BP1 simplifies.

The cost of a batch is the mean over its samples, C = 1/m sum_x C_x.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

from ._lib.constraints import Constraints, Function, Number, Text
from ._lib.registry import check_name, lookup, to_record
from ._lib.validation import Validated
from .activations.base import Activation, cast_like
from .activations.exponential import Exponential, Softmax
from .activations.identity import Identity
from .activations.sigmoid import Sigmoid
from .backends import Array, namespace

__all__ = [
    "Absolute",
    "BinaryCrossEntropy",
    "CategoricalCrossEntropy",
    "Cost",
    "CustomCost",
    "Huber",
    "Poisson",
    "Quadratic",
    "get",
]

_LINEAR: Activation = Identity()


class Cost(Validated):
    """A cost of one sample's outputs a against its targets y.

    Subclasses are immutable, and equal where their fields are. A field annotated ``float``,
    ``int`` or ``bool`` is checked, and converted from NumPy's types, when the object is made.

    Attributes
    ----------
    name : str
        What users and files call it.
    partner : Activation
        The output layer's activation if none is named.
    match : type of Activation or None
        The activation with which BP1 becomes ``delta = a - y``, and the value a function of z.
    domain : (float, float)
        The open interval of outputs for which the cost is defined.
    targets : (float, float)
        Bounds of the targets that it takes.
    """

    name: ClassVar[str]
    partner = _LINEAR
    match: ClassVar[type[Activation] | None] = None
    domain: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    targets: ClassVar[tuple[float, float]] = (-math.inf, math.inf)

    def value(self, a: Array, y: Array, xp: Any = None) -> Array:
        """``C_x`` of each sample, shape (m,), from outputs and targets of shape (m, n_L)."""
        raise NotImplementedError

    def gradient(self, a: Array, y: Array, xp: Any = None) -> Array:
        """``grad_a C_x`` of each sample, shape (m, n_L)."""
        raise NotImplementedError

    def value_of_z(self, z: Array, y: Array, xp: Any) -> Array:
        """``C_x`` from the weighted inputs of a matched output layer, stable for every z."""
        raise NotImplementedError

    def kinks(self) -> tuple[float, ...]:
        """Errors ``a - y`` at which the gradient has no derivative."""
        return ()

    def matches(self, sigma: Activation) -> bool:
        """Whether with ``sigma`` in the output layer ``delta = a - y``."""
        return self.match is not None and sigma.consists_of(self.match)

    def output_error(self, sigma: Activation, z: Array, a: Array, y: Array, xp: Any) -> Array:
        """The error of the output layer, BP1, shape (m, n_L); ``a - y`` if the pair matches."""
        if self.matches(sigma):
            return a - y
        return sigma.pullback(self.gradient(a, y, xp), z, a, xp)

    def of_output(self, sigma: Activation, z: Array, y: Array, xp: Any) -> Array:
        """``C_x`` of each sample from the output layer's weighted input, stably if they match."""
        if self.matches(sigma):
            return self.value_of_z(z, y, xp)
        return self.value(sigma.value(z, xp), y, xp)


class Quadratic(Cost):
    """Half the squared distance, ``|a - y|^2 / 2``.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> bpnet.costs.Quadratic().value(np.asarray([[1.0, 2.0]]), np.asarray([[0.0, 0.0]]))
    array([2.5])
    """

    name = "quadratic"
    partner = Sigmoid()
    match = Identity

    def value(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        return 0.5 * xp.sum((a - y) ** 2, axis=-1)

    def gradient(self, a: Array, y: Array, xp: Any = None) -> Array:
        return a - y

    def value_of_z(self, z: Array, y: Array, xp: Any) -> Array:
        return self.value(z, y, xp)


class BinaryCrossEntropy(Cost):
    """``-sum_j [y_j log a_j + (1 - y_j) log(1 - a_j)]``: the book's cross-entropy.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> bpnet.costs.BinaryCrossEntropy().value(np.asarray([[0.0]]), np.asarray([[0.0]])) + 0.0
    array([0.])
    """

    name = "binary_cross_entropy"
    partner = Sigmoid()
    match = Sigmoid
    domain = (0.0, 1.0)
    targets = (0.0, 1.0)

    def value(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        a, rest = _away_from_zero(a, xp), _away_from_zero(1.0 - a, xp)
        return -xp.sum(y * xp.log(a) + (1.0 - y) * xp.log(rest), axis=-1)

    def gradient(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        # Where a rounds to 1, all that is known of the rest is that it is less than eps / 4.
        rest = xp.maximum(1.0 - a, 0.25 * float(xp.finfo(a.dtype).eps))
        return (1.0 - y) / rest - y / _away_from_zero(a, xp)

    def value_of_z(self, z: Array, y: Array, xp: Any) -> Array:
        # log(1 + exp(z)) - y z, of terms that do not cancel: a cost near 0 keeps its digits.
        missed = z * (xp.astype(z > 0.0, z.dtype) - y)
        return xp.sum(missed + xp.log1p(xp.exp(-xp.abs(z))), axis=-1)


class CategoricalCrossEntropy(Cost):
    """``-sum_j y_j log a_j``: the book's log-likelihood."""

    name = "categorical_cross_entropy"
    partner = Softmax()
    match = Softmax
    domain = (0.0, 1.0)
    targets = (0.0, 1.0)

    def value(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        return -xp.sum(y * xp.log(_away_from_zero(a, xp)), axis=-1)

    def gradient(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        return -y / _away_from_zero(a, xp)

    def value_of_z(self, z: Array, y: Array, xp: Any) -> Array:
        shifted = z - xp.max(z, axis=-1, keepdims=True)
        # The largest term of the sum of exponentials is 1: log1p of the others keeps their digits.
        top = xp.astype(shifted == 0.0, z.dtype)
        others = xp.sum(xp.exp(shifted) - top, axis=-1) + (xp.sum(top, axis=-1) - 1.0)
        return xp.log1p(others) - xp.sum(y * shifted, axis=-1)


class Huber(Cost):
    """Quadratic near the target, linear from ``delta`` on (Huber, 1964).

    Parameters
    ----------
    delta : float, optional
        Distance beyond which an output counts linearly; greater than 0.
    """

    constraints = Constraints(delta=Number(0.0, closed="neither"))

    delta: float = 1.0

    name = "huber"

    def kinks(self) -> tuple[float, ...]:
        return -self.delta, self.delta

    def value(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        distance = xp.abs(a - y)
        near = xp.clip(distance, 0.0, self.delta)
        return xp.sum(near * (distance - 0.5 * near), axis=-1)

    def gradient(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        return xp.clip(a - y, -self.delta, self.delta)


class Absolute(Cost):
    """The distance of each output, ``sum_j |a_j - y_j|``: outliers count no more than others."""

    name = "absolute"

    def kinks(self) -> tuple[float, ...]:
        return (0.0,)

    def value(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        return xp.sum(xp.abs(a - y), axis=-1)

    def gradient(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        return xp.sign(a - y)


class Poisson(Cost):
    """``sum_j (a_j - y_j log a_j)``: minus the Poisson log-likelihood of counts y, less log y!."""

    name = "poisson"
    partner = Exponential()
    match = Exponential
    domain = (0.0, math.inf)
    targets = (0.0, math.inf)

    def value(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        return xp.sum(a - y * xp.log(_away_from_zero(a, xp)), axis=-1)

    def gradient(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        return 1.0 - y / _away_from_zero(a, xp)

    def value_of_z(self, z: Array, y: Array, xp: Any) -> Array:
        return xp.sum(xp.exp(z) - y * z, axis=-1)


class CustomCost(Cost):
    """A cost of one's own: a value and a gradient.

    Parameters
    ----------
    value_of : callable
        ``value_of(a, y, xp)``, shape (m,), in functions of the array API standard.
    gradient_of : callable
        ``gradient_of(a, y, xp)``, shape (m, n_L).
    name : str, optional
        What files call it; `bpnet.load` takes the object again under that name.
    partner : str or Activation, optional
        The output layer's activation if none is named.

    Notes
    -----
    Both results are used in the type of a: constants of a wider one, as a ``numpy.float64``, do
    not widen the network.

    A network compiles both, with the constants that they have then. Make another object for other
    constants, or call `Network.recompile` after a change.

    Examples
    --------
    >>> import bpnet
    >>> quartic = bpnet.costs.CustomCost(
    ...     lambda a, y, xp: xp.sum((a - y) ** 4, axis=-1),
    ...     lambda a, y, xp: 4 * (a - y) ** 3,
    ...     name="quartic",
    ... )
    >>> net = bpnet.Network([2, 3, 1], activations="tanh", cost=quartic, seed=0)
    >>> bpnet.gradient_check(net, [[0.1, 0.2]], [[1.0]]).passed
    True
    """

    constraints = Constraints(
        value_of=Function("(a, y, xp)"), gradient_of=Function("(a, y, xp)"), name=Text()
    )

    value_of: Callable[[Array, Array, Any], Array]
    gradient_of: Callable[[Array, Array, Any], Array]
    name: str = "custom"  # type: ignore[misc]  # here each object has its own
    partner: Activation = _LINEAR

    def __post_init__(self) -> None:
        if self.name in (*BUILT_IN, "cross_entropy", "log_likelihood"):
            raise ValueError(
                f"the name {self.name!r} is that of one of bpnet's own: choose another"
            )
        from .activations.registry import get as get_activation

        object.__setattr__(self, "partner", get_activation(self.partner))

    def value(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        return cast_like(a, self.value_of(a, y, xp), xp)

    def gradient(self, a: Array, y: Array, xp: Any = None) -> Array:
        xp = xp or namespace(a)
        return cast_like(a, self.gradient_of(a, y, xp), xp)


def _away_from_zero(a: Array, xp: Any) -> Array:
    """``a``, but never so small that its logarithm or reciprocal is infinite."""
    return xp.maximum(a, float(xp.finfo(a.dtype).smallest_normal))


BUILT_IN: dict[str, Callable[..., Cost]] = {
    "quadratic": Quadratic,
    "binary_cross_entropy": BinaryCrossEntropy,
    "categorical_cross_entropy": CategoricalCrossEntropy,
    "huber": Huber,
    "absolute": Absolute,
    "poisson": Poisson,
}
ALIASES = {
    "cross_entropy": "binary_cross_entropy",
    "log_likelihood": "categorical_cross_entropy",
    "mse": "quadratic",
    "mean_squared_error": "quadratic",
    "squared_error": "quadratic",
    "bce": "binary_cross_entropy",
    "cce": "categorical_cross_entropy",
    "sparse_categorical_cross_entropy": "categorical_cross_entropy",
    "nll": "categorical_cross_entropy",
    "nll_loss": "categorical_cross_entropy",
    "negative_log_likelihood": "categorical_cross_entropy",
    "huber_loss": "huber",
    "smooth_l1": "huber",
    "mae": "absolute",
    "mean_absolute_error": "absolute",
    "absolute_error": "absolute",
    "l1_loss": "absolute",
    "poisson_nll": "poisson",
}
"""The book's names, and those that other libraries use; files have bpnet's own."""


def get(cost: str | Cost) -> Cost:
    """The cost of that name, or the argument if it is one.

    Parameters
    ----------
    cost : str or Cost
        The book's names ``"cross_entropy"`` and ``"log_likelihood"`` mean the binary and the
        categorical cross-entropy, ``"bce"`` and ``"nll"`` likewise. ``"mse"`` is `Quadratic`, half
        the sum of the squared errors: its gradient is n_L/2 times that of their mean. Case, hyphens
        and underscores do not matter.

    Returns
    -------
    Cost

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is neither a name nor a cost.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.costs.get("log_likelihood")
    CategoricalCrossEntropy()
    """
    return lookup(cost, BUILT_IN, Cost, "cost", ALIASES)


def to_dict(cost: Cost) -> dict[str, Any]:
    """Name and parameters, as a model file keeps them."""
    return to_record(cost)


def from_dict(record: dict[str, Any], custom: dict[str, Any]) -> Cost:
    """The cost of a `to_dict`; ``custom`` has objects for names that are not bpnet's own."""
    options = dict(record)
    name = options.pop("name")
    if name in custom:
        return get(custom[name])
    return BUILT_IN[check_name(name, BUILT_IN, "cost")](**options)
