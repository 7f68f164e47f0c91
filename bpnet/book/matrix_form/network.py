"""What the book's two network classes share: parameters as columns, computed with as matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..._lib.constraints import Integer
from ..._lib.wording import count
from ...activations import Sigmoid
from ...backends.numpy import NumpyBackend
from ...backprop import backprop, feedforward
from ...costs import Cost
from .columns import Floats, as_float64, blocks, column, rows, target, training_columns
from .epochs import CompiledEpoch, shuffle

__all__ = ["ColumnNetwork", "OutputError"]

_XP = NumpyBackend.xp
_SIGMOID = Sigmoid()
_BOOK = __name__.rpartition(".matrix_form")[0]
_MODULES = (__name__, f"{_BOOK}.network", f"{_BOOK}.network2")


class OutputError:
    """A cost whose BP1 is a function of one sample's columns.

    Parameters
    ----------
    delta : callable
        ``delta(z, a, y)``, all of shape (n_L, 1).
    """

    def __init__(self, delta: Callable[[Floats, Floats, Floats], Any]) -> None:
        self._delta = delta

    def output_error(self, sigma: Any, z: Floats, a: Floats, y: Floats, xp: Any) -> Floats:
        """Delta of the output layer, shape (1, n_L)."""
        return column("delta", self._delta(z.T, a.T, y.T), z.shape[1]).T


class ColumnNetwork:
    """A network of sigmoid neurons: its vectors are columns, and it computes with matrices.

    A method that a subclass overrides is called wherever the book's programs call it.

    Parameters
    ----------
    sizes : sequence of int
        Neurons of each layer, the input's first.

    Attributes
    ----------
    sizes : sequence of int
    num_layers : int
    """

    _weights: list[Floats]
    _biases: list[Floats]

    def __init__(self, sizes: Sequence[int]) -> None:
        self.num_layers, self.sizes = len(sizes), sizes
        if self.num_layers < 2:
            raise ValueError(f"sizes has {self.num_layers} layers, expected at least 2: {sizes}")
        for l, n in enumerate(sizes):
            Integer(1)(f"sizes[{l}]", n)

    @property
    def weights(self) -> list[Floats]:
        """A matrix for each layer after the input, shape (n_l, n_{l-1})."""
        return self._weights

    @weights.setter
    def weights(self, weights: Sequence[Any]) -> None:
        self._weights = _checked("weights", weights, self._shapes()[0])

    @property
    def biases(self) -> list[Floats]:
        """A column for each layer after the input, shape (n_l, 1)."""
        return self._biases

    @biases.setter
    def biases(self, biases: Sequence[Any]) -> None:
        self._biases = _checked("biases", biases, self._shapes()[1])

    def feedforward(self, a: Any) -> Floats:
        """Outputs for an input.

        Parameters
        ----------
        a : array, shape (n_0, 1)
            Or (n_0, m), a column for each of m inputs.

        Returns
        -------
        array, shape (n_L, 1) or (n_L, m)

        Raises
        ------
        ValueError
            If it has another shape; the message gives both.
        """
        a = as_float64("a", a)
        if a.ndim != 2 or len(a) != self.sizes[0]:
            column("a", a, self.sizes[0])
        return self._outputs(a.T).T

    def backprop(self, x: Any, y: Any) -> tuple[list[Floats], list[Floats]]:
        """Gradient of the cost C_x of a sample, by BP1-BP4.

        Parameters
        ----------
        x : array, shape (n_0, 1)
        y : array, shape (n_L, 1)

        Returns
        -------
        nabla_b, nabla_w : list of array
            Shaped like ``biases`` and ``weights``.

        Raises
        ------
        ValueError
            If x, y, a weight or a bias has another shape; the message gives both.
        """
        x, y = column("x", x, self.sizes[0]), target("y", y, self.sizes[-1])
        return self._gradient(x.T, y.T)

    # ------------------------------------------------------------------ for the two classes

    def _cost_in_rows(self) -> Cost | OutputError:
        """The cost whose gradient is taken; of `OutputError` for one sample at a time."""
        raise NotImplementedError

    def _draw_parameters(self) -> None:
        """Draw biases, then weights, from N(0, 1), by the global stream of `numpy.random`."""
        weights, biases = self._shapes()
        self.biases = [np.random.randn(*shape) for shape in biases]  # noqa: NPY002 - as the book
        self.weights = [np.random.randn(*shape) for shape in weights]  # noqa: NPY002

    def _is_own(self, *names: str) -> bool:
        """Whether methods are those of the three classes, and not a subclass's or the object's."""
        methods = (getattr(self, name) for name in names)
        return all(getattr(method, "__module__", "") in _MODULES for method in methods)

    def _parameters(self) -> tuple[list[Floats], list[Floats]]:
        """Weights, and biases of shape (n_l,); an entry of the lists may have been replaced."""
        for_weights, for_biases = self._shapes()
        biases = _checked("biases", self._biases, for_biases)
        return _checked("weights", self._weights, for_weights), [b[:, 0] for b in biases]

    def _shapes(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        n = self.sizes
        pairs = list(zip(n[1:], n[:-1], strict=True))
        return pairs, [(n_out, 1) for n_out, _ in pairs]

    def _outputs(self, x: Floats) -> Floats:
        """Activations of the output layer, shape (m, n_L)."""
        w, b = self._parameters()
        with np.errstate(all="ignore"):
            _, a = feedforward(w, b, [_SIGMOID] * len(w), x, _XP)
        outputs: Floats = a[-1]
        return outputs

    def _outputs_by_blocks(self, samples: Any) -> Iterator[tuple[int, list[Any], Floats]]:
        """Of some samples at a time: number of the first, results y, outputs, shape (m, n_L)."""
        own = self._is_own("feedforward")
        for first, xs, ys in blocks(samples, self.sizes[0]):
            if own:
                yield first, ys, self._outputs(rows(xs, self.sizes[0], "x", first))
            else:
                outputs = [self.feedforward(x) for x in xs]
                yield first, ys, rows(outputs, self.sizes[-1], "the output", first)

    def _gradient(self, x: Floats, y: Floats) -> tuple[list[Floats], list[Floats]]:
        """Gradient of the sum of the costs of samples as rows."""
        w, b = self._parameters()
        cost: Any = self._cost_in_rows()
        with np.errstate(all="ignore"):
            nabla_w, nabla_b, _ = backprop(w, b, [_SIGMOID] * len(w), cost, x, y, _XP)
        return [nabla[:, None] for nabla in nabla_b], nabla_w

    def _by_matrices(self) -> bool:
        return self._is_own("backprop") and isinstance(self._cost_in_rows(), Cost)

    def _step(self, mini_batch: Any, eta: float, decay: float) -> None:
        """One step of gradient descent: ``decay`` is the book's lambda / n."""
        if not mini_batch:
            raise ValueError("mini_batch is empty: there is nothing to train on")
        if self._by_matrices():
            xs, y = training_columns(mini_batch, self.sizes[0], self.sizes[-1], "mini_batch")
            nabla_b, nabla_w = self._gradient(rows(xs, self.sizes[0], "x"), y)
        else:
            each = [self.backprop(x, y) for x, y in mini_batch]
            nabla_b, nabla_w = (
                [sum(layer) for layer in zip(*nabla, strict=True)]
                for nabla in zip(*each, strict=True)
            )
        w, b = self._parameters()
        m = len(mini_batch)
        with np.errstate(all="ignore"):
            self.weights = [
                (1.0 - eta * decay) * w_l - (eta / m) * nabla
                for w_l, nabla in zip(w, nabla_w, strict=True)
            ]
            self.biases = [
                b_l[:, None] - (eta / m) * nabla for b_l, nabla in zip(b, nabla_b, strict=True)
            ]

    def _epochs(
        self, samples: list[Any], epochs: int, size: int, eta: float, *regularization: Any
    ) -> Iterator[int]:
        """Train, and yield the number of each epoch after it; the list is shuffled in place.

        Parameters
        ----------
        samples : list
        epochs, size : int
            Size of a mini-batch.
        eta : float
        regularization : tuple
            Further arguments of ``update_mini_batch``: nothing, or lambda and n.
        """
        if not samples:
            raise ValueError("training_data is empty: there is nothing to train on")
        decay = regularization[0] / regularization[1] if regularization else 0.0
        if not (decay >= 0.0 and self._by_matrices() and self._is_own("update_mini_batch")):
            for epoch in range(epochs):
                shuffle(samples)
                for start in range(0, len(samples), size):
                    mini_batch = samples[start : start + size]
                    self.update_mini_batch(mini_batch, eta, *regularization)  # type: ignore[attr-defined]
                yield epoch
            return
        # All that can be wrong is found here, before anything changes.
        xs, y = training_columns(samples, self.sizes[0], self.sizes[-1], "training_data")
        self._parameters()
        cost: Any = self._cost_in_rows()
        run = CompiledEpoch(self.sizes, cost, eta, decay)
        order = list(range(len(samples)))
        given = samples[:]
        for epoch in range(epochs):
            shuffle(order)
            samples[:] = [given[k] for k in order]
            self.weights, biases = run(*self._parameters(), xs, y, order, size)
            self.biases = [b[:, None] for b in biases]
            yield epoch


def _checked(name: str, given: Any, shapes: Sequence[tuple[int, int]]) -> list[Floats]:
    """An array of float64 for each layer, the one that was given where it is such.

    Raises
    ------
    ValueError
        If one has another shape, or there are more or fewer; the message gives both.
    """
    values = list(given)
    if len(values) != len(shapes):
        raise ValueError(
            f"{name} has {count(len(values), 'array')}, expected {len(shapes)}, one for each layer "
            "after the input"
        )
    found: list[Floats] = []
    for l, (value, shape) in enumerate(zip(values, shapes, strict=True)):
        array = as_float64(f"{name}[{l}]", value)
        if array.shape != shape:
            way_out = f": reshape{shape} makes a column of it" if array.shape == shape[:1] else ""
            raise ValueError(f"{name}[{l}] has shape {array.shape}, expected {shape}{way_out}")
        found.append(array)
    return found
