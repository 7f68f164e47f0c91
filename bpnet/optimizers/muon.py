"""Muon: momentum, orthogonalized matrix by matrix."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from .._lib.constraints import Constraints, Number
from ..backends import Array
from ..schedules.base import Rate
from .base import Memory, Optimizer, WeightLayout, decayed, zeros
from .norms import scaled_norm

__all__ = ["Muon", "orthogonalized"]

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5
_TINY = 1e-7


class Muon(Optimizer):
    """``w <- w - eta sqrt(max(1, n_l / n_{l-1})) NS(g + mu m)``, ``m <- mu m + g``.

    NS is `orthogonalized`, applied to the weights of each layer. An entry of ``w`` changes by about
    ``eta / sqrt(n_{l-1})``, that is by eta relative to its typical initial size. Biases, and all
    else that is not a matrix, are updated by Adam with beta1 = mu and learning rate
    ``eta bias_factor``. Weights also decay on their own: ``w <- w - eta weight_decay w``.

    Parameters
    ----------
    learning_rate : float or callable, optional
    momentum : float, optional
        mu, at least 0 and less than 1.
    weight_decay : float, optional
    bias_factor : float, optional
        Adam's learning rate in units of ``learning_rate``.
    beta2, epsilon : float, optional
        Adam's.

    Notes
    -----
    Matrix products use the network's own precision; other implementations use bfloat16. A step
    costs 15 products of each gradient matrix with a matrix that is no larger.

    References
    ----------
    K. Jordan et al., Muon: an optimizer for hidden layers in neural networks, 2024.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.Muon(0.05)
    Muon(learning_rate=0.05, momentum=0.95, weight_decay=0.0, bias_factor=0.05, beta2=0.999,
         epsilon=1e-08)
    """

    constraints = Constraints(
        momentum=Number(0.0, 1.0),
        weight_decay=Number(0.0),
        bias_factor=Number(0.0),
        beta2=Number(0.0, 1.0),
        epsilon=Number(0.0),
    )
    uses_layout: ClassVar[bool] = True
    per_step = ("learning_rate", "bias_factor", "epsilon")

    learning_rate: Rate = 0.02
    momentum: float = 0.95
    weight_decay: float = 0.0
    bias_factor: float = 0.05
    beta2: float = 0.999
    epsilon: float = 1e-8

    def rates(self, t: int, factor: float = 1.0) -> tuple[float, ...]:
        eta = self.learning_rate_at(t, factor)
        mean = (1.0 - self.momentum) / (1.0 - self.momentum ** (t + 1))
        root = math.sqrt((1.0 - self.beta2) / (1.0 - self.beta2 ** (t + 1)))
        of_biases = self.bias_factor * mean / root
        return eta, 1.0 - eta * self.weight_decay, eta * of_biases, self.epsilon / root

    def init(self, theta: Array, xp: Any) -> Memory:
        return zeros(theta, xp), zeros(theta, xp)

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
        (eta, kept, of_biases, epsilon), (m, v), n = rates, memory, layout.n_weights
        if self.weight_decay:
            theta = decayed(theta, kept, layout, xp)
        m = self.momentum * m + gradient
        # Only the biases' part of v is in use.
        squares = self.beta2 * v[n:] + gradient[n:] * gradient[n:]
        matrices, _ = layout.split(gradient + self.momentum * m, xp)
        steps = []
        for matrix in matrices:
            scale = math.sqrt(max(1.0, matrix.shape[0] / matrix.shape[1]))
            steps.append(xp.reshape(eta * scale * orthogonalized(matrix, xp), (-1,)))
        steps.append(of_biases * (m[n:] / (xp.sqrt(squares) + epsilon)))
        return theta - xp.concat(steps), (m, xp.concat([v[:n], squares]))


def orthogonalized(matrix: Array, xp: Any) -> Array:
    """Roughly ``U V^T``, where ``matrix`` is ``U S V^T``: singular values end near 1.

    Five rounds of ``X <- a X + b A X + c A^2 X`` with ``A = X X^T`` (Newton-Schulz). The
    coefficients drive small singular values up fast, and leave them between 0.7 and 1.2.

    Parameters
    ----------
    matrix : array, shape (n, k)
    xp : namespace

    Returns
    -------
    array, shape (n, k)
        Zeros if the matrix is zero.

    References
    ----------
    K. Jordan et al., Muon: an optimizer for hidden layers in neural networks, 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.optimizers.muon import orthogonalized
    >>> found = orthogonalized(np.asarray([[3.0, 0.0, 0.0], [0.0, 0.0, -0.5]]), np)
    >>> np.round(np.abs(found), 1) + 0.0
    array([[...0. , 0. ],
           [0. , 0. , ...]])
    """
    a, b, c = _COEFFICIENTS
    scale, norm = scaled_norm(xp.reshape(matrix, (1, -1)), _TINY, xp)
    x = (matrix * scale) / xp.maximum(norm, _TINY * scale)  # no singular value is above 1 then
    for _ in range(_ROUNDS):
        # The smaller of the two products; no transpose is taken, so that rows stay rows.
        wide = x.shape[0] <= x.shape[1]
        gram = x @ x.T if wide else x.T @ x
        factor = b * gram + c * (gram @ gram)
        x = a * x + (factor @ x if wide else x @ factor)
    return x
