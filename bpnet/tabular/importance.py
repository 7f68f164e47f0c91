"""How much each column of a table matters: what the network loses without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import Preprocessing
from ..network import Network
from .outputs import Outputs, class_labels, network_outputs
from .tallies import figures

__all__ = ["MOST_ROWS", "Importance", "permutation_importance"]

MOST_ROWS = 2000
"""On more it is not measured."""

_REPEATS = 5
_MOST_COLUMNS = 100
_FEWEST_ROWS, _FEWEST_LOOKED_AT = 100, 20  # of a wide table; of a first look at all its columns
_MOST_VALUES = 50_000_000  # of inputs that are computed with, all tries together: seconds


@dataclass(frozen=True, eq=False)
class Importance:
    """What a figure loses when the values of one column are shuffled.

    Attributes
    ----------
    figure : {"accuracy", "r2"}
        Which figure it is.
    columns : tuple of str
        Of the table, the most important first.
    losses : tuple of float
        The mean loss over the tries, for each column.
    deviations : tuple of float
        Its standard deviation.
    rows : int
        On how many rows.
    """

    figure: str
    columns: tuple[str, ...]
    losses: tuple[float, ...]
    deviations: tuple[float, ...]
    rows: int

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        columns = [
            {"column": name, "loss": loss, "deviation": deviation}
            for name, loss, deviation in zip(
                self.columns, self.losses, self.deviations, strict=True
            )
        ]
        return {"figure": self.figure, "rows": self.rows, "columns": columns}


def permutation_importance(
    net: Network,
    preprocessing: Preprocessing,
    x: NDArray[Any],
    truth: NDArray[Any],
    weights: NDArray[Any] | None = None,
    *,
    seed: int = 0,
) -> tuple[Importance | None, list[str]]:
    """Shuffle one column of the table at a time, all of its features together.

    The loss is that of the accuracy, in regression of R^2 (the mean over several targets). On a
    large table it is measured on some rows, on a wide one for the columns that change the outputs
    most.

    Parameters
    ----------
    net : Network
    preprocessing : Preprocessing
    x : array, shape (m, n_0)
        Rows that the network was not trained on.
    truth : array
        As of `Outputs`.
    weights : array, shape (m,), optional
    seed : int, optional

    Returns
    -------
    importance : Importance or None
        None where the figure is not defined for these rows.
    notes : list of str
        Which rows and columns were left out.

    References
    ----------
    Breiman, Random forests, Machine Learning 45 (2001), section 10.
    """
    random, notes = np.random.default_rng(seed), []
    slices, start = {}, 0
    for column in preprocessing.columns:
        stop = start + len(column.features)
        slices[column.name] = slice(start, stop)
        start = stop
    width, all_columns = max(x.shape[1], 1), len(slices)
    tried = min(all_columns, _MOST_COLUMNS)
    n = min(MOST_ROWS, max(_FEWEST_ROWS, _MOST_VALUES // (width * tried)))
    if len(x) > n:
        notes.append(f"importance is measured on {n:,} of the {len(x):,} rows")
        rows = np.sort(random.permutation(len(x))[:n])
        x, truth = x[rows], truth[rows]
        weights = None if weights is None else weights[rows]
    if all_columns > tried:
        notes.append(
            f"importance is measured for the {tried} of {all_columns:,} columns that change the "
            "outputs most"
        )
        slices = _most_effective(net, x, slices, random)
    repeats = min(_REPEATS, max(1, _MOST_VALUES // (max(x.size, 1) * tried)))

    figure = "r2" if net.task == "regression" else "accuracy"

    def score(x: NDArray[Any]) -> float | None:
        outputs = network_outputs(net, x, preprocessing, probabilities=False)
        return _score(net, figure, truth, outputs, weights)

    whole = score(x)
    if whole is None:
        return None, []
    losses = {}
    for name, columns in slices.items():
        shuffled, found = x.copy(), []
        for _ in range(repeats):
            shuffled[:, columns] = x[random.permutation(len(x)), columns]
            found.append(whole - (score(shuffled) or 0.0))
        losses[name] = float(np.mean(found)), float(np.std(found))
    order = sorted(losses, key=lambda name: -losses[name][0])
    return (
        Importance(
            figure,
            tuple(order),
            tuple(losses[name][0] for name in order),
            tuple(losses[name][1] for name in order),
            len(x),
        ),
        notes,
    )


def _score(
    net: Network, figure: str, truth: NDArray[Any], outputs: Outputs, weights: Any
) -> float | None:
    if net.task != "regression":
        n = len(class_labels(net) or ())
        return figures(net.task, truth, outputs, weights, n)[figure]
    each = [
        figures(net.task, truth[:, k], Outputs(outputs.predicted[:, k]), weights)[figure]
        for k in range(truth.shape[1])
    ]
    there = [one for one in each if one is not None]
    return float(np.mean(there)) if there else None


def _most_effective(
    net: Network, x: NDArray[Any], slices: dict[str, slice], random: np.random.Generator
) -> dict[str, slice]:
    """The columns whose shuffling changes the outputs most, on few rows, at one try each."""
    x = x[: max(_FEWEST_LOOKED_AT, min(_FEWEST_ROWS, _MOST_VALUES // (1000 * x.shape[1])))]
    tries = int(max(_MOST_COLUMNS, _MOST_VALUES // max(x.size, 1)))
    before, order = net.backend.to_numpy(net.feedforward(x)), random.permutation(len(x))
    changes = {}
    for name, columns in _heaviest(net, x, slices, tries).items():
        shuffled = x.copy()
        shuffled[:, columns] = x[order, columns]
        after = net.backend.to_numpy(net.feedforward(shuffled))
        changes[name] = float(np.abs(after - before).mean())
    largest = set(sorted(changes, key=lambda name: -changes[name])[:_MOST_COLUMNS])
    return {name: slices[name] for name in slices if name in largest}


def _heaviest(
    net: Network, x: NDArray[Any], slices: dict[str, slice], most: int
) -> dict[str, slice]:
    """The columns whose inputs the first layer weighs most, of too many to try each."""
    if len(slices) <= most:
        return slices
    weights = net.backend.to_numpy(net.weights[0])
    spread = np.sqrt((np.square(weights.astype(np.float64)).sum(axis=0)) * x.var(axis=0))
    size = {name: float(np.sqrt(np.square(spread[one]).sum())) for name, one in slices.items()}
    largest = sorted(slices, key=lambda name: -size[name])[:most]
    return {name: slices[name] for name in largest}
