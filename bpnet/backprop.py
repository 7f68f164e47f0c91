"""Backpropagation: feedforward, and the equations BP1-BP4 over a whole mini-batch.

Samples are rows. With m samples and n_l neurons in layer l, ``a[l]`` and ``delta`` have shape
(m, n_l), ``w[l]`` has (n_l, n_{l-1}), so that ``w[l][j, k]`` is the book's w^l_jk, and ``b[l]``
has (n_l,). Lists begin with the first layer that has weights; ``a`` begins with the input.

References
----------
M. Nielsen, Neural Networks and Deep Learning (2015), chapter 2, equations (BP1)-(BP4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .activations import Activation
from .backends import Array
from .costs import Cost

__all__ = ["backprop", "feedforward"]


def feedforward(
    w: Sequence[Array], b: Sequence[Array], sigma: Sequence[Activation], x: Array, xp: Any
) -> tuple[list[Array], list[Array]]:
    """Weighted inputs and activations of every layer.

    Parameters
    ----------
    w, b : sequence of array
        Weights, (n_l, n_{l-1}) each, and biases, (n_l,) each.
    sigma : sequence of Activation
        One a layer.
    x : array, shape (m, n_0)
    xp : namespace

    Returns
    -------
    z : list of array
        (m, n_l) each.
    a : list of array
        (m, n_l) each, after the input ``x``: one more than ``z``.
    """
    z, a = [], [x]
    for l in range(len(w)):
        z.append(a[l] @ w[l].T + b[l])
        a.append(sigma[l].value(z[l], xp))
    return z, a


def backprop(
    w: Sequence[Array],
    b: Sequence[Array],
    sigma: Sequence[Activation],
    cost: Cost,
    x: Array,
    y: Array,
    xp: Any,
) -> tuple[list[Array], list[Array], Array]:
    """Gradient of the cost, summed over a mini-batch's samples.

    Parameters
    ----------
    w, b, sigma, x, xp
        As in `feedforward`.
    cost : Cost
    y : array, shape (m, n_L)

    Returns
    -------
    nabla_w, nabla_b : list of array
        Shaped like ``w`` and ``b``. Divided by m they belong to the mean cost.
    z : array, shape (m, n_L)
        Weighted input of the output layer.
    """
    z, a = feedforward(w, b, sigma, x, xp)
    L = len(w) - 1
    nabla_w, nabla_b = list(w), list(b)
    delta = cost.output_error(sigma[L], z[L], a[-1], y, xp)  # (BP1)
    for l in range(L, -1, -1):
        nabla_b[l] = xp.sum(delta, axis=0)  # (BP3)
        nabla_w[l] = delta.T @ a[l]  # (BP4)
        if l > 0:
            delta = sigma[l - 1].pullback(delta @ w[l], z[l - 1], a[l], xp)  # (BP2)
    return nabla_w, nabla_b, z[L]
