"""The book's second network: the cross-entropy cost, regularization, better initial weights.

After M. Nielsen, Neural Networks and Deep Learning (2015), chapter 3; ``network2.py``.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

if not __package__:  # imported by way of its folder, on sys.path
    importlib.import_module("by_folder").replace_module(__name__, __file__)

from bpnet._lib.atomic import write_atomically
from bpnet._lib.files import as_path
from bpnet._lib.wording import described, listing
from bpnet.book.matrix_form.columns import (
    Floats,
    as_list,
    labels,
    one_hot,
    rows,
    same_shapes,
    vectorized_result,
)
from bpnet.book.matrix_form.network import ColumnNetwork, OutputError
from bpnet.book.matrix_form.settings import checked_epochs, checked_number, checked_size
from bpnet.book.matrix_form.sigmoid import sigmoid, sigmoid_prime
from bpnet.costs import BinaryCrossEntropy, Cost, Quadratic

__all__ = [
    "CrossEntropyCost",
    "Network",
    "QuadraticCost",
    "load",
    "sigmoid",
    "sigmoid_prime",
    "vectorized_result",
]


def _quadratic_terms(a: Floats, y: Floats) -> Floats:
    return 0.5 * (a - y) ** 2


def _cross_entropy_terms(a: Floats, y: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return np.nan_to_num(-y * np.log(a) - (1.0 - y) * np.log(1.0 - a))


class QuadraticCost:
    """``|a - y|^2 / 2``.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.book import network2
    >>> network2.QuadraticCost.fn(np.asarray([[1.0], [2.0]]), np.zeros((2, 1)))
    2.5
    """

    @staticmethod
    def fn(a: Any, y: Any) -> float:
        """The cost of a sample with output a and desired output y, columns of one shape."""
        return float(np.sum(_quadratic_terms(*same_shapes(a, y))))

    @staticmethod
    def delta(z: Any, a: Any, y: Any) -> Any:
        """The error of the output layer, a column."""
        a, y = same_shapes(a, y)
        return (a - y) * sigmoid_prime(z)


class CrossEntropyCost:
    """``-sum_j [y_j log a_j + (1 - y_j) log(1 - a_j)]``.

    As in the book, a term 0 log 0 counts 0, and an infinite one the largest number that there is.

    Examples
    --------
    >>> import numpy as np
    >>> from bpnet.book import network2
    >>> network2.CrossEntropyCost.fn(np.asarray([[0.5]]), np.asarray([[1.0]]))
    0.6931471805599453
    """

    @staticmethod
    def fn(a: Any, y: Any) -> float:
        """The cost of a sample with output a and desired output y, columns of one shape."""
        with np.errstate(over="ignore"):
            return float(np.sum(_cross_entropy_terms(*same_shapes(a, y))))

    @staticmethod
    def delta(z: Any, a: Any, y: Any) -> Any:
        """The error of the output layer, a column: it does not depend on z."""
        a, y = same_shapes(a, y)
        return a - y


# The same costs in the library, and their terms for outputs and desired outputs as rows.
_OWN: dict[type, tuple[Cost, Any]] = {
    QuadraticCost: (Quadratic(), _quadratic_terms),
    CrossEntropyCost: (BinaryCrossEntropy(), _cross_entropy_terms),
}


class Network(ColumnNetwork):
    """A network with a cost of choice; the default initializer draws its parameters.

    Parameters
    ----------
    sizes : list of int
        Neurons of each layer, the input's first.
    cost : class or object, optional
        `QuadraticCost`, `CrossEntropyCost`, or one of your own: with ``fn(a, y)``, the cost of one
        sample, and ``delta(z, a, y)``, the error of the output layer, of columns.

    Raises
    ------
    ValueError
        If there are fewer than two layers, or one has no neuron.
    TypeError
        If the cost lacks ``fn`` or ``delta``.

    Examples
    --------
    >>> import random
    >>> import numpy as np
    >>> from bpnet.book import network2
    >>> random.seed(1), np.random.seed(1)
    (None, None)
    >>> net = network2.Network([2, 3, 1], cost=network2.CrossEntropyCost)
    >>> inputs = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> data = [(np.reshape(x, (2, 1)), np.asarray([[x[0] & x[1]]])) for x in inputs]
    >>> _, _, costs, _ = net.SGD(data, 2, 1, 0.5, lmbda=0.1, monitor_training_cost=True)
    Epoch 0 training complete
    Cost on training data: 0.6...
    <BLANKLINE>
    Epoch 1 training complete
    Cost on training data: 0.6...
    <BLANKLINE>
    """

    def __init__(self, sizes: Sequence[int], cost: Any = CrossEntropyCost) -> None:
        for name in ("fn", "delta"):
            if not callable(getattr(cost, name, None)):
                raise TypeError(
                    f"cost must have {name}, as QuadraticCost and CrossEntropyCost do; "
                    f"{described(cost)} has none"
                )
        super().__init__(sizes)
        self.default_weight_initializer()
        self.cost = cost

    def default_weight_initializer(self) -> None:
        """Draw biases from N(0, 1), weights from N(0, 1) / sqrt(n_in); all biases come first."""
        self._draw_parameters()
        self.weights = [w / np.sqrt(w.shape[1]) for w in self.weights]

    def large_weight_initializer(self) -> None:
        """Draw biases and weights from N(0, 1), as in chapter 1; all biases come first."""
        self._draw_parameters()

    def SGD(  # noqa: N802 - the book's name
        self,
        training_data: Any,
        epochs: int,
        mini_batch_size: int,
        eta: float,
        lmbda: float = 0.0,
        evaluation_data: Any = None,
        monitor_evaluation_cost: bool = False,
        monitor_evaluation_accuracy: bool = False,
        monitor_training_cost: bool = False,
        monitor_training_accuracy: bool = False,
    ) -> tuple[list[float], list[int], list[float], list[int]]:
        """Train by mini-batch stochastic gradient descent, and print what is monitored.

        Parameters
        ----------
        training_data : list of (x, y)
            Columns of shapes (n_0, 1) and (n_L, 1). The list is shuffled in place before each
            epoch, by the global stream of `random` and the algorithm of Python 2, as in the book's
            runs.
        epochs, mini_batch_size : int
        eta : float
            The learning rate.
        lmbda : float, optional
            Regularization: adds ``lmbda / (2 n)`` times the sum of the squared weights to the cost.
        evaluation_data : list of (x, digit), optional
            Validation or test data.
        monitor_evaluation_cost, monitor_evaluation_accuracy : bool, optional
        monitor_training_cost, monitor_training_accuracy : bool, optional

        Returns
        -------
        evaluation_cost, evaluation_accuracy, training_cost, training_accuracy : list
            A number for each epoch, after it; empty if it is not monitored. An accuracy is the
            number of right answers. As in the book, the costs include the regularization term with
            the number of the samples that they are of as its n.

        Raises
        ------
        ValueError, TypeError
            If an argument is out of range, or a sample has another shape; before anything changes.
        """
        epochs, size = checked_epochs(epochs), checked_size(mini_batch_size)
        eta, lmbda = checked_number("eta", eta), checked_number("lmbda", lmbda)
        samples = as_list(training_data, "training_data")
        data = [] if evaluation_data is None else as_list(evaluation_data, "evaluation_data")
        if (monitor_evaluation_cost or monitor_evaluation_accuracy) and not data:
            raise ValueError(
                "evaluation_data is empty, but its cost or its accuracy is to be monitored: give "
                "samples (x, digit)"
            )
        n = len(samples)
        evaluation_cost: list[float] = []
        evaluation_accuracy: list[int] = []
        training_cost: list[float] = []
        training_accuracy: list[int] = []
        for epoch in self._epochs(samples, epochs, size, eta, lmbda, n):
            print(f"Epoch {epoch} training complete")
            if monitor_training_cost:
                training_cost.append(self.total_cost(samples, lmbda))
                print(f"Cost on training data: {training_cost[-1]}")
            if monitor_training_accuracy:
                training_accuracy.append(self.accuracy(samples, convert=True))
                print(f"Accuracy on training data: {training_accuracy[-1]} / {n}")
            if monitor_evaluation_cost:
                evaluation_cost.append(self.total_cost(data, lmbda, convert=True))
                print(f"Cost on evaluation data: {evaluation_cost[-1]}")
            if monitor_evaluation_accuracy:
                evaluation_accuracy.append(self.accuracy(data))
                print(f"Accuracy on evaluation data: {evaluation_accuracy[-1]} / {len(data)}")
            print()
        return evaluation_cost, evaluation_accuracy, training_cost, training_accuracy

    def update_mini_batch(self, mini_batch: Any, eta: float, lmbda: float, n: int) -> None:
        """One step of gradient descent.

        Parameters
        ----------
        mini_batch : list of (x, y)
        eta, lmbda : float
        n : int
            Number of training samples.
        """
        eta, lmbda = checked_number("eta", eta), checked_number("lmbda", lmbda)
        self._step(as_list(mini_batch, "mini_batch"), eta, lmbda / n)

    def accuracy(self, data: Any, convert: bool = False) -> int:
        """How many samples have their largest output in the right place.

        Parameters
        ----------
        data : list of (x, y)
        convert : bool, optional
            Whether y are columns, as of training data, and not digits.
        """
        correct = 0
        for first, ys, a in self._outputs_by_blocks(as_list(data, "data")):
            if convert:
                right: Any = rows(ys, a.shape[1], "y", first).argmax(axis=1)
            else:
                right = labels(ys, first)
            correct += int(np.sum(a.argmax(axis=1) == right))
        return correct

    def total_cost(self, data: Any, lmbda: float, convert: bool = False) -> float:
        """Mean cost of samples, and the regularization term with their number as n.

        Parameters
        ----------
        data : list of (x, y)
        lmbda : float
        convert : bool, optional
            Whether y are digits, as of validation and test data, and not columns.
        """
        data = as_list(data, "data")
        if not data:
            raise ValueError("data is empty: there is no cost to take the mean of")
        cost = 0.0
        for first, ys, a in self._outputs_by_blocks(data):
            n_out = a.shape[1]
            y = one_hot(labels(ys, first), n_out) if convert else rows(ys, n_out, "y", first)
            # Divided one by one: a sum of the largest numbers that there are would be infinite.
            cost += float(np.sum(self._costs(a, y) / len(data)))
        with np.errstate(over="ignore"):
            squares = sum(float(np.linalg.norm(w)) ** 2 for w in self.weights)
        return cost + 0.5 * (lmbda / len(data)) * squares

    def save(self, filename: str | os.PathLike[str]) -> None:
        """Write the network to a JSON file, as the book's programs do; `load` reads it.

        Raises
        ------
        OSError
            If the file cannot be written; one that was there is kept.
        """
        weights, _ = self._parameters()
        content = {
            "sizes": [int(n) for n in self.sizes],
            "weights": [w.tolist() for w in weights],
            "biases": [b.tolist() for b in self.biases],
            "cost": _name_of(self.cost),
        }
        write_atomically(as_path(filename, "filename"), json.dumps(content))

    def _own_cost(self) -> tuple[Cost, Any] | None:
        return _OWN.get(self.cost if isinstance(self.cost, type) else type(self.cost))

    def _cost_in_rows(self) -> Cost | OutputError:
        own = self._own_cost()
        return OutputError(self.cost.delta) if own is None else own[0]

    def _costs(self, a: Floats, y: Floats) -> Floats:
        """C_x of samples as rows, shape (m,)."""
        if (own := self._own_cost()) is not None:
            with np.errstate(over="ignore"):
                return np.asarray(np.sum(own[1](a, y), axis=1))
        pairs = zip(a, y, strict=True)
        return np.asarray([float(self.cost.fn(a_x[:, None], y_x[:, None])) for a_x, y_x in pairs])


def load(filename: str | os.PathLike[str]) -> Network:
    """Read a network from a file that `Network.save` or the book's own program wrote.

    Parameters
    ----------
    filename : path

    Returns
    -------
    Network
        As in the book, its making draws from the global stream of `numpy.random`.

    Raises
    ------
    ValueError
        If the file holds no network, or one with a cost that this module does not have.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from bpnet.book import network2
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "net.json")
    ...     network2.Network([2, 3, 1], cost=network2.QuadraticCost).save(path)
    ...     network2.load(path).sizes
    [2, 3, 1]
    """
    path = as_path(filename, "filename")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        sizes, name, weights, biases = (content[key] for key in _KEYS)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: not a network that network2 saved: expected JSON with {listing(_KEYS)}"
        ) from error
    cost = globals().get(name) if isinstance(name, str) else None
    if not callable(getattr(cost, "fn", None)):
        raise ValueError(
            f"{path}: its cost {name!r} is not in this module: for a cost of your own, set "
            f"network2.{name} = {name} before you load it"
        )
    try:
        net = Network(sizes, cost=cost)
        net.weights, net.biases = weights, biases
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error
    return net


_KEYS = ("sizes", "cost", "weights", "biases")


def _name_of(cost: Any) -> str:
    return str(getattr(cost, "__name__", type(cost).__name__))
