"""Lion: steps of one size, whose signs come from the gradients."""

from __future__ import annotations

from typing import Any, ClassVar

from .._lib.constraints import Constraints, Number
from ..backends import Array
from ..schedules.base import Rate
from .base import Memory, Optimizer, WeightLayout, decayed, zeros

__all__ = ["Lion"]


class Lion(Optimizer):
    """``theta <- theta - eta sign(beta1 m + (1 - beta1) g)``, ``m <- beta2 m + (1 - beta2) g``.

    Weights (not biases) also decay on their own: ``w <- w - eta weight_decay w``. Good values are a
    third to a tenth of Adam's learning rate, and three to ten times AdamW's weight decay.

    Parameters
    ----------
    learning_rate : float or callable, optional
    beta1, beta2 : float, optional
        At least 0 and less than 1.
    weight_decay : float, optional

    References
    ----------
    X. Chen et al., Symbolic discovery of optimization algorithms, 2023.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.Lion(weight_decay=0.1)
    Lion(learning_rate=0.0001, beta1=0.9, beta2=0.99, weight_decay=0.1)
    """

    constraints = Constraints(
        beta1=Number(0.0, 1.0), beta2=Number(0.0, 1.0), weight_decay=Number(0.0)
    )
    uses_layout: ClassVar[bool] = True

    learning_rate: Rate = 1e-4
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0

    def rates(self, t: int, factor: float = 1.0) -> tuple[float, ...]:
        eta = self.learning_rate_at(t, factor)
        return eta, 1.0 - eta * self.weight_decay

    def init(self, theta: Array, xp: Any) -> Memory:
        return (zeros(theta, xp),)

    def update(  # type: ignore[override]  # uses_layout says so
        self,
        theta: Array,
        gradient: Array,
        memory: Memory,
        rates: tuple[Any, ...],
        xp: Any,
        *,
        layout: WeightLayout,
    ) -> tuple[Array, Memory]:
        (eta, kept), (m,) = rates, memory
        if self.weight_decay:
            theta = decayed(theta, kept, layout, xp)
        direction = xp.sign(self.beta1 * m + (1.0 - self.beta1) * gradient)
        m = self.beta2 * m + (1.0 - self.beta2) * gradient
        return theta - eta * direction, (m,)
