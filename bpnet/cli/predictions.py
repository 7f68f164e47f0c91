"""What a network says of samples, as the cells of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from ..network import Network
from ..tabular.outputs import class_labels, network_outputs, preprocessing_of, target_names

__all__ = ["PredictedColumns"]


class PredictedColumns:
    """The columns in which predictions are written.

    Parameters
    ----------
    net : Network
    probabilities : bool
        Whether classes and labels have a column of probabilities each.

    Attributes
    ----------
    names : list of str
    """

    def __init__(self, net: Network, probabilities: bool) -> None:
        self._net, self._preprocessing = net, preprocessing_of(net)
        self._probabilities = probabilities and net.task != "regression"
        self._labels = class_labels(net) or ()
        if self._preprocessing is not None:
            self.names = list(self._preprocessing.targets)
        elif net.task == "multilabel":
            target = net.metadata.get("target", "prediction")
            self.names = [f"{target}_{label}" for label in self._labels]
        else:
            self.names = list(target_names(net))
        if self._probabilities:
            self.names += [f"probability_{label}" for label in self._labels]

    def rows(self, x: NDArray[Any]) -> Iterator[list[Any]]:
        """A row of cells for each sample."""
        said = network_outputs(self._net, x, self._preprocessing, probabilities=self._probabilities)
        if self._net.task == "regression":
            return ([f"{value:.8g}" for value in row] for row in said.predicted.tolist())
        labels = self._in_words(said.predicted)
        if said.probabilities is None:
            return iter(labels)
        return (
            [*row, *(f"{p:.6g}" for p in each)]
            for row, each in zip(labels, said.probabilities.tolist(), strict=True)
        )

    def _in_words(self, predicted: NDArray[Any]) -> list[list[Any]]:
        if self._net.task == "multilabel":
            if self._preprocessing is not None:
                predicted = self._preprocessing.inverse_target(predicted)
            return predicted.reshape(len(predicted), -1).tolist()
        return [[self._labels[index]] for index in predicted.tolist()]
