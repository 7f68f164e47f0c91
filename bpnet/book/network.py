"""The book's first network: the quadratic cost, and stochastic gradient descent.

After M. Nielsen, Neural Networks and Deep Learning (2015), chapters 1 and 2; ``network.py``.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

if not __package__:  # imported by way of its folder, on sys.path
    importlib.import_module("by_folder").replace_module(__name__, __file__)

from bpnet.book.matrix_form.columns import as_list, labels, same_shapes
from bpnet.book.matrix_form.network import ColumnNetwork, OutputError
from bpnet.book.matrix_form.settings import checked_epochs, checked_number, checked_size
from bpnet.book.matrix_form.sigmoid import sigmoid, sigmoid_prime
from bpnet.costs import Cost, Quadratic

__all__ = ["Network", "sigmoid", "sigmoid_prime"]


class Network(ColumnNetwork):
    """A network with parameters from N(0, 1), drawn from the global stream of `numpy.random`.

    Parameters
    ----------
    sizes : list of int
        Neurons of each layer, the input's first.

    Raises
    ------
    ValueError
        If there are fewer than two layers, or one has no neuron.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.book import network
    >>> net = network.Network([2, 3, 1])
    >>> [w.shape for w in net.weights], [b.shape for b in net.biases]
    ([(3, 2), (1, 3)], [(3, 1), (1, 1)])
    >>> net.feedforward(np.zeros(2))
    Traceback (most recent call last):
    ValueError: a has shape (2,), expected (2, 1): reshape(2, 1) makes a column of it
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__(sizes)
        self._draw_parameters()

    def SGD(  # noqa: N802 - the book's name
        self,
        training_data: Any,
        epochs: int,
        mini_batch_size: int,
        eta: float,
        test_data: Any = None,
    ) -> None:
        """Train by mini-batch stochastic gradient descent, and print a line after each epoch.

        Parameters
        ----------
        training_data : list of (x, y)
            Columns of shapes (n_0, 1) and (n_L, 1). The list is shuffled in place before each
            epoch, by the global stream of `random` and the algorithm of Python 2, as in the book's
            runs.
        epochs, mini_batch_size : int
        eta : float
            The learning rate.
        test_data : list of (x, digit), optional
            The network is evaluated on these after each epoch.

        Raises
        ------
        ValueError, TypeError
            If an argument is out of range, or a sample has another shape; before anything changes.
        """
        epochs, size = checked_epochs(epochs), checked_size(mini_batch_size)
        eta = checked_number("eta", eta)
        samples = as_list(training_data, "training_data")
        test_data = [] if test_data is None else as_list(test_data, "test_data")
        for epoch in self._epochs(samples, epochs, size, eta):
            if test_data:
                print(f"Epoch {epoch}: {self.evaluate(test_data)} / {len(test_data)}")
            else:
                print(f"Epoch {epoch} complete")

    def update_mini_batch(self, mini_batch: Any, eta: float) -> None:
        """One step of gradient descent.

        Parameters
        ----------
        mini_batch : list of (x, y)
        eta : float
        """
        self._step(as_list(mini_batch, "mini_batch"), checked_number("eta", eta), 0.0)

    def evaluate(self, test_data: Any) -> int:
        """How many samples have their largest output at their digit.

        Parameters
        ----------
        test_data : list of (x, digit)
        """
        samples = as_list(test_data, "test_data")
        correct = 0
        for first, ys, a in self._outputs_by_blocks(samples):
            correct += int(np.sum(a.argmax(axis=1) == labels(ys, first)))
        return correct

    def cost_derivative(self, output_activations: Any, y: Any) -> Any:
        """Partial derivatives of C_x by the output activations, ``a - y``."""
        a, y = same_shapes(output_activations, y)
        return a - y

    def _cost_in_rows(self) -> Cost | OutputError:
        if self._is_own("cost_derivative"):
            return Quadratic()
        return OutputError(lambda z, a, y: self.cost_derivative(a, y) * sigmoid_prime(z))
