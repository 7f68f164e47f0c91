"""What a network, or a baseline, says of rows: in the terms that figures are made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data import Preprocessing
from ..network import Network

__all__ = [
    "Outputs",
    "class_index",
    "class_labels",
    "network_outputs",
    "preprocessing_of",
    "target_names",
]


class Outputs(NamedTuple):
    """Predictions for m rows.

    Attributes
    ----------
    predicted : array
        Class indices, shape (m,); of several labels zeros and ones, shape (m, labels); in
        regression numbers in the target's own unit, float64, shape (m, targets).
    probabilities : array or None
        Shape (m, classes) or (m, labels), float64; None in regression.
    """

    predicted: NDArray[Any]
    probabilities: NDArray[np.float64] | None = None


def preprocessing_of(net: Network) -> Preprocessing | None:
    """How the network's inputs come from the columns of a table; None if it knows none."""
    known = net.metadata.get("preprocessing")
    return None if known is None else Preprocessing.from_dict(known)


def class_labels(net: Network) -> tuple[Any, ...] | None:
    """The label of each class, its index where it has none; None in regression."""
    if net.task == "regression":
        return None
    n = net.sizes[-1] if net.task == "multilabel" else max(2, net.sizes[-1])
    return tuple(net.classes or range(n))


def class_index(label: Any, classes: Sequence[Any]) -> int:
    """The index of a class by its label as a file has it; -1 if there is none.

    >>> class_index(7.0, (6, 7)), class_index("b", ("a", "b")), class_index("c", ("a", "b"))
    (1, 1, -1)
    """
    texts = [str(one) for one in classes]
    word = str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
    return texts.index(word) if word in texts else -1


def target_names(net: Network) -> tuple[str, ...]:
    """A name for each number that the network predicts; of classes or labels one for all."""
    target, known = net.metadata.get("target") or "prediction", preprocessing_of(net)
    n = net.sizes[-1] if net.task == "regression" else 1
    if known is not None and len(known.targets) == n:
        return known.targets
    return (target,) if n == 1 else tuple(f"{target}_{k}" for k in range(n))


def network_outputs(
    net: Network,
    x: NDArray[Any],
    preprocessing: Preprocessing | None = None,
    *,
    probabilities: bool = True,
) -> Outputs:
    """Predictions for inputs of shape (m, n_0), with probabilities or without."""
    predicted = net.backend.to_numpy(net.predict(x))
    if net.task == "regression":
        predicted = predicted.reshape(len(x), -1)
        if preprocessing is not None:
            predicted = preprocessing.inverse_target(predicted)
        return Outputs(predicted.astype(np.float64))
    if net.task == "classification" and net.model.classes is not None:  # it says labels
        index = {label: k for k, label in enumerate(net.model.classes)}
        predicted = np.array([index[label] for label in predicted.tolist()], dtype=np.int64)
    if not probabilities:
        return Outputs(predicted)
    return Outputs(predicted, net.backend.to_numpy(net.predict_proba(x)).astype(np.float64))
