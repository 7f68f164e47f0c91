"""The sigmoid function, of whatever NumPy takes."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["sigmoid", "sigmoid_prime"]


def sigmoid(z: Any) -> Any:
    """``1 / (1 + exp(-z))``, of a number or an array, without a warning for large ones.

    Examples
    --------
    >>> from bpnet.book import network
    >>> float(network.sigmoid(0.0)), float(network.sigmoid(-1e4))
    (0.5, 0.0)
    """
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z: Any) -> Any:
    """Derivative of the sigmoid function, ``sigmoid(z) (1 - sigmoid(z))``.

    Examples
    --------
    >>> from bpnet.book import network
    >>> float(network.sigmoid_prime(0.0))
    0.25
    """
    a = sigmoid(z)
    return a * (1.0 - a)
