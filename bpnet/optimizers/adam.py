"""Adam and its variants.

Their memory holds ``m <- beta1 m + g`` and ``v <- beta2 v + g^2``. The running means of the papers
are ``(1 - beta1) m`` and ``(1 - beta2) v``, corrected ``m^`` and ``v^``: factors that depend on the
number of the step alone are left to `rates`, so that a step passes over its vectors fewer times.
"""

from __future__ import annotations

import functools
import math
from typing import Any, ClassVar

from .._lib.constraints import Constraints, Number
from ..backends import Array
from ..schedules.base import Rate
from .base import Memory, Optimizer, WeightLayout, decayed, zeros

__all__ = ["AMSGrad", "Adam", "AdamW", "NAdam", "RAdam"]


class Adam(Optimizer):
    """``theta <- theta - eta m^ / (sqrt(v^) + epsilon)`` (Kingma and Ba, 2015).

    With ``m^ = (1 - beta1) m / (1 - beta1^t)``, ``m <- beta1 m + g``, and
    ``v^ = (1 - beta2) v / (1 - beta2^t)``, ``v <- beta2 v + g^2``, in step t from 1.

    Parameters
    ----------
    learning_rate : float or callable, optional
    beta1, beta2 : float, optional
        At least 0 and less than 1.
    epsilon : float, optional

    Examples
    --------
    >>> import bpnet
    >>> bpnet.Adam()
    Adam(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-08)
    """

    constraints = Constraints(beta1=Number(0.0, 1.0), beta2=Number(0.0, 1.0), epsilon=Number(0.0))
    per_step: ClassVar[tuple[str, ...]] = ("learning_rate", "epsilon")

    learning_rate: Rate = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def rates(self, t: int, factor: float = 1.0) -> tuple[float, ...]:
        mean, root = self._corrections(t)
        return self.learning_rate_at(t, factor) * mean / root, self.epsilon / root

    def _corrections(self, t: int) -> tuple[float, float]:
        """``m^`` over m, and the root of ``v^`` over v."""
        mean = (1.0 - self.beta1) / (1.0 - self.beta1 ** (t + 1))
        return mean, math.sqrt((1.0 - self.beta2) / (1.0 - self.beta2 ** (t + 1)))

    def init(self, theta: Array, xp: Any) -> Memory:
        return zeros(theta, xp), zeros(theta, xp)

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        (eta, epsilon), (m, v) = rates, memory
        m = self.beta1 * m + gradient
        v = self.beta2 * v + gradient * gradient
        return theta - eta * (m / (xp.sqrt(v) + epsilon)), (m, v)


class AMSGrad(Adam):
    """Adam with the largest v so far, ``u <- max(u, v)``, in place of v.

    Parameters
    ----------
    learning_rate : float or callable, optional
    beta1, beta2 : float, optional
        At least 0 and less than 1.
    epsilon : float, optional

    References
    ----------
    S. Reddi, S. Kale and S. Kumar, On the convergence of Adam and beyond, 2018; corrected like
    Adam, as in PyTorch.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.AMSGrad(0.01)
    AMSGrad(learning_rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-08)
    """

    def init(self, theta: Array, xp: Any) -> Memory:
        return zeros(theta, xp), zeros(theta, xp), zeros(theta, xp)

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        (eta, epsilon), (m, v, u) = rates, memory
        m = self.beta1 * m + gradient
        v = self.beta2 * v + gradient * gradient
        u = xp.maximum(u, v)
        return theta - eta * (m / (xp.sqrt(u) + epsilon)), (m, v, u)


class AdamW(Adam):
    """Adam, and weights (not biases) that decay on their own: ``w <- w - eta weight_decay w``.

    The decay is not part of the gradient, as ``l2`` of `Network.fit` is.

    Parameters
    ----------
    learning_rate : float or callable, optional
    beta1, beta2 : float, optional
        At least 0 and less than 1.
    epsilon, weight_decay : float, optional

    References
    ----------
    I. Loshchilov and F. Hutter, Decoupled weight decay regularization, 2019.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.AdamW()
    AdamW(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-08, weight_decay=0.01)
    """

    constraints = Constraints(weight_decay=Number(0.0))
    uses_layout: ClassVar[bool] = True
    per_step = ("learning_rate", "epsilon", "weight_decay")

    weight_decay: float = 0.01

    def rates(self, t: int, factor: float = 1.0) -> tuple[float, ...]:
        kept = 1.0 - self.weight_decay * self.learning_rate_at(t, factor)
        return *super().rates(t, factor), kept

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
        *own, kept = rates
        theta = decayed(theta, kept, layout, xp)
        return super().update(theta, gradient, memory, tuple(own), xp)


class NAdam(Adam):
    """Adam that looks ahead as Nesterov does.

    ``theta <- theta - eta ((1 - mu_t) g / (1 - p_t) + mu_{t+1} (1 - beta1) m / (1 - p_{t+1})) /
    (sqrt(v^) + epsilon)`` with ``mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)`` and
    ``p_t = mu_1 mu_2 ... mu_t``, in step t from 1.

    Parameters
    ----------
    learning_rate : float or callable, optional
    beta1, beta2 : float, optional
        At least 0 and less than 1.
    epsilon, momentum_decay : float, optional

    References
    ----------
    T. Dozat, Incorporating Nesterov momentum into Adam, 2016; PyTorch's settings.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.NAdam()
    NAdam(learning_rate=0.002, beta1=0.9, beta2=0.999, epsilon=1e-08, momentum_decay=0.004)
    """

    constraints = Constraints(momentum_decay=Number(0.0))
    per_step = ("learning_rate", "epsilon", "momentum_decay")

    learning_rate: Rate = 0.002
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    momentum_decay: float = 0.004

    def rates(self, t: int, factor: float = 1.0) -> tuple[float, ...]:
        now, ahead = (_mu(k, self.beta1, self.momentum_decay) for k in (t + 1, t + 2))
        products = _products(self.beta1, self.momentum_decay)
        product = products[min(t + 1, len(products) - 1)]
        root = self._corrections(t)[1]
        eta = self.learning_rate_at(t, factor) / root
        return (
            eta * (1.0 - now) / (1.0 - product),
            eta * ahead * (1.0 - self.beta1) / (1.0 - product * ahead),
            self.epsilon / root,
        )

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        (now, ahead, epsilon), (m, v) = rates, memory
        m = self.beta1 * m + gradient
        v = self.beta2 * v + gradient * gradient
        return theta - (now * gradient + ahead * m) / (xp.sqrt(v) + epsilon), (m, v)


class RAdam(Adam):
    """Adam that leaves v out until enough gradients were seen to trust it.

    ``theta <- theta - eta r_t m^ / sqrt(v^)`` where ``rho_t > 5``, else
    ``theta <- theta - eta m^``. In step t from 1,
    ``rho_t = rho - 2 t beta2^t / (1 - beta2^t)`` is the number of gradients that v averages, in
    the end ``rho = 2 / (1 - beta2) - 1``, and
    ``r_t^2 = (rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t)``.

    Parameters
    ----------
    learning_rate : float or callable, optional
    beta1, beta2 : float, optional
        At least 0 and less than 1.
    epsilon : float, optional
        Added to ``sqrt((1 - beta2) v)``.

    References
    ----------
    L. Liu et al., On the variance of the adaptive learning rate and beyond, 2020; the threshold,
    and the place of epsilon, are PyTorch's.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.RAdam().learning_rate
    0.001
    """

    def rates(self, t: int, factor: float = 1.0) -> tuple[float, ...]:
        eta = self.learning_rate_at(t, factor) * self._corrections(t)[0]
        power = self.beta2 ** (t + 1)
        end = 2.0 / (1.0 - self.beta2) - 1.0
        rho = end - 2.0 * (t + 1) * power / (1.0 - power)
        if rho <= 5.0:
            return eta, 0.0, 1.0
        square = (rho - 4.0) * (rho - 2.0) * end / ((end - 4.0) * (end - 2.0) * rho)
        return eta * math.sqrt(square * (1.0 - power)), math.sqrt(1.0 - self.beta2), self.epsilon

    def update(
        self, theta: Array, gradient: Array, memory: Memory, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Array, Memory]:
        (eta, root, shift), (m, v) = rates, memory  # root 0 and shift 1 leave v out
        m = self.beta1 * m + gradient
        v = self.beta2 * v + gradient * gradient
        return theta - eta * (m / (root * xp.sqrt(v) + shift)), (m, v)


def _mu(t: int, beta1: float, decay: float) -> float:
    return float(beta1 * (1.0 - 0.5 * 0.96 ** (t * decay)))


@functools.lru_cache(maxsize=16)
def _products(beta1: float, decay: float) -> tuple[float, ...]:
    """``mu_1 ... mu_t`` from t = 0 on, as long as it is not lost beside 1."""
    products = [1.0]
    while products[-1] > 2.0**-60:
        products.append(products[-1] * _mu(len(products), beta1, decay))
    return tuple(products)
