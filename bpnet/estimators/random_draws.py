"""What scikit-learn draws from its random state: initial parameters, and the order of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from ..activations import Activation, Sigmoid

__all__ = ["ShuffledOrder", "initial_parameters"]

HostArray: TypeAlias = np.ndarray[Any, Any]


def initial_parameters(
    sizes: Sequence[int], activations: Sequence[Activation], random_state: Any
) -> tuple[list[HostArray], list[HostArray]]:
    """Weights and biases as scikit-learn draws them, layer by layer (Glorot and Bengio, 2010).

    Parameters
    ----------
    sizes : sequence of int
        Neurons of each layer, the input's first.
    activations : sequence of Activation
        What decides the range of each layer after the input: its own, of the output layer that of
        the hidden layers.
    random_state : numpy.random.RandomState
        Is drawn from.

    Returns
    -------
    weights : list of array, shape (n_out, n_in)
    biases : list of array, shape (n_out,)
    """
    weights, biases = [], []
    for (n_in, n_out), sigma in zip(pairwise(sizes), activations, strict=True):
        bound = math.sqrt((2.0 if sigma.consists_of(Sigmoid) else 6.0) / (n_in + n_out))
        weights.append(random_state.uniform(-bound, bound, (n_in, n_out)).T)
        biases.append(random_state.uniform(-bound, bound, n_out))
    return weights, biases


class ShuffledOrder:
    """The order of the samples in each epoch: that of the epoch before, shuffled.

    Called with the number of the epoch, but it depends on how often it was called before.

    Parameters
    ----------
    random_state : numpy.random.RandomState
        Is drawn from at each call, as by ``sklearn.utils.shuffle``.
    samples : int
    """

    def __init__(self, random_state: Any, samples: int) -> None:
        self._random_state, self._order = random_state, np.arange(samples)

    def __call__(self, epoch: int) -> HostArray:
        shuffled = np.arange(len(self._order))
        self._random_state.shuffle(shuffled)
        self._order = self._order[shuffled]
        return self._order
