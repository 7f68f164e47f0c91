"""From a trained network and its data to a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..data import Dataset, Preprocessing
from ..network import Network
from .baselines import Baseline, constant_baseline, linear_baseline
from .importance import MOST_ROWS, permutation_importance
from .outputs import Outputs, class_labels, network_outputs, preprocessing_of, target_names
from .report import NETWORK, Part, Report, in_words
from .tallies import Figures, NumberTally, tally_for

__all__ = ["PartTally", "make_report", "own_terms", "told_warnings"]

_MOST_CLASSES = 100  # of a confusion matrix that is kept
_MOST_PAIRS = 2000  # of true and predicted numbers that are kept, to be drawn
_ROWS = 8192  # that are judged at a time
_PARTS = ("validation", "test")

HeldOut: TypeAlias = tuple[str, tuple[NDArray[Any], NDArray[Any]], NDArray[Any] | None]
Model: TypeAlias = Callable[[NDArray[Any]], Outputs]


def make_report(net: Network, data: Dataset, *, importance: bool = True) -> Report:
    """Judge a network on its validation and test samples, beside simple models.

    Parameters
    ----------
    net : Network
        Trained on ``data.train``.
    data : Dataset
        Without validation and test samples it is judged on those that it was trained on, and the
        report says so.
    importance : bool, optional
        Whether the importance of each column is measured, where the data are a table.

    Returns
    -------
    Report

    Examples
    --------
    >>> import bpnet
    >>> digits = bpnet.data.load_digits()
    >>> net = bpnet.Network([64, 10], cost="log_likelihood", seed=0)
    >>> _ = net.fit(*digits.train, epochs=1, optimizer="adam")
    >>> report = make_report(net, digits)
    >>> report["test"].figures["majority class"]["balanced_accuracy"]
    0.1
    """
    with np.errstate(all="ignore"):  # what overflows has no figure
        return _report(net, data, importance)


def _report(net: Network, data: Dataset, importance: bool) -> Report:
    preprocessing = preprocessing_of(net)
    classes, targets = class_labels(net), target_names(net)
    weights = data.weights or (None, None, None)
    x, y = data.train
    truth = own_terms(y, net.task, preprocessing)
    constant = constant_baseline(net.task, truth, classes, weights[0])
    linear, note = linear_baseline(net.task, x, truth, len(classes or ()), weights[0])
    models: dict[str, Model] = {
        NETWORK: lambda x: network_outputs(net, x, preprocessing),
        constant.name: constant.outputs,
    }
    if linear is not None:
        models[linear.name] = linear.outputs

    held_out: list[HeldOut] = [
        (name, pair, weights[1 + k])
        for k, (name, pair) in enumerate(zip(_PARTS, (data.validation, data.test), strict=True))
        if pair is not None and len(pair[0])
    ]
    notes = [note] if note else []
    if not held_out:
        held_out = [("train", data.train, weights[0])]
        notes.append("judged on the rows that it was trained on, as no others are held out")
    parts = {}
    for name, (x, y), w in held_out:
        tally = PartTally(net.task, classes, targets)
        for start in range(0, len(x), _ROWS):
            rows = slice(start, start + _ROWS)
            said = {model: outputs(x[rows]) for model, outputs in models.items()}
            truth = own_terms(y[rows], net.task, preprocessing)
            tally.add(truth, said, None if w is None else w[rows])
        parts[name] = tally.part()
    found = None
    if importance and preprocessing is not None:
        x, truth, w = _rows_for_importance(held_out, net.task, preprocessing)
        found, told = permutation_importance(net, preprocessing, x, truth, w, seed=net.seed)
        notes += told
    if net.task == "classification" and len(classes or ()) > _MOST_CLASSES:
        notes.append(f"no confusion matrix of {len(classes or ())} classes")
    judged = parts[held_out[-1][0]]
    return Report(
        net.task,
        targets,
        classes,
        parts,
        told_warnings(judged, net.task, constant, linear),
        tuple(notes),
        found,
    )


def _rows_for_importance(
    held_out: Sequence[HeldOut], task: str, preprocessing: Preprocessing
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]:
    """The test rows and, where they are few, those of validation too: more rows say more."""
    chosen = held_out[-1:] if len(held_out[-1][1][0]) >= MOST_ROWS else held_out
    x = np.concatenate([pair[0] for _, pair, _ in chosen])
    truth = np.concatenate([own_terms(pair[1], task, preprocessing) for _, pair, _ in chosen])
    weights = [w for _, _, w in chosen if w is not None]
    return x, truth, np.concatenate(weights) if weights else None


def own_terms(y: NDArray[Any], task: str, preprocessing: Preprocessing | None) -> NDArray[Any]:
    """Targets that a network is trained on, as `Outputs` has them."""
    if task != "regression":
        return y
    if preprocessing is not None:
        y = preprocessing.inverse_target(y)
    return np.asarray(y, dtype=np.float64).reshape(len(y), -1)


class PartTally:
    """The figures of several models for the same rows, which come in blocks.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression"}
    classes : tuple or None
    targets : tuple of str
    """

    def __init__(
        self, task: str, classes: tuple[Any, ...] | None, targets: tuple[str, ...]
    ) -> None:
        self._task, self._targets = task, targets
        self._n = len(classes or ())
        self._tallies: dict[str, list[Any]] = {}
        self._rows = 0
        self._confusion: NDArray[np.int64] | None = None
        if task == "multilabel":
            self._confusion = np.zeros((self._n, 2, 2), dtype=np.int64)
        elif task == "classification" and self._n <= _MOST_CLASSES:
            self._confusion = np.zeros((self._n + 1, self._n), dtype=np.int64)
        self._pairs: list[tuple[NDArray[Any], NDArray[Any]]] = []

    def add(self, truth: NDArray[Any], said: Mapping[str, Outputs], weights: Any = None) -> None:
        """Count a block of rows; ``said`` has the outputs by model, the network's first."""
        self._rows += len(truth)
        for model, outputs in said.items():
            if self._task == "regression":
                tallies = self._tallies.setdefault(model, [NumberTally() for _ in self._targets])
                for k, tally in enumerate(tallies):
                    tally.add(truth[:, k], Outputs(outputs.predicted[:, k]), weights)
            else:
                tallies = self._tallies.setdefault(model, [tally_for(self._task, self._n)])
                tallies[0].add(truth, outputs, weights)
        predicted = next(iter(said.values())).predicted
        if self._task == "regression":
            self._keep_pairs(truth, predicted)
        elif self._task == "multilabel":
            assert self._confusion is not None
            for k in range(self._n):
                np.add.at(self._confusion[k], (truth[:, k].astype(int), predicted[:, k]), 1)
        elif self._confusion is not None:
            np.add.at(self._confusion, (np.minimum(truth, self._n), predicted), 1)

    def part(self) -> Part:
        """The figures of all rows so far."""
        figures = {
            model: [tally.figures() for tally in tallies]
            for model, tallies in self._tallies.items()
        }
        confusion = self._confusion
        if self._task == "classification" and confusion is not None and not confusion[-1].any():
            confusion = confusion[:-1]
        if len(self._targets) == 1:
            first = {model: found[0] for model, found in figures.items()}
            return Part(self._rows, first, {}, confusion, self._all_pairs())
        each = {
            target: {model: found[k] for model, found in figures.items()}
            for k, target in enumerate(self._targets)
        }
        means: dict[str, Figures] = {
            model: {"r2": _mean([one["r2"] for one in found])} for model, found in figures.items()
        }
        return Part(self._rows, means, each, None, self._all_pairs())

    def _keep_pairs(self, truth: NDArray[Any], predicted: NDArray[Any]) -> None:
        self._pairs.append((truth, predicted))
        if sum(len(one) for one, _ in self._pairs) > 2 * _MOST_PAIRS:
            self._pairs = [_thinned(*self._joined())]

    def _all_pairs(self) -> tuple[NDArray[Any], NDArray[Any]] | None:
        return _thinned(*self._joined()) if self._pairs else None

    def _joined(self) -> tuple[NDArray[Any], NDArray[Any]]:
        true, predicted = zip(*self._pairs, strict=True)
        return np.concatenate(true), np.concatenate(predicted)


def told_warnings(
    part: Part, task: str, constant: Baseline, linear: Baseline | None = None
) -> tuple[str, ...]:
    """Sentences where the network is no better than a constant answer or a linear model."""
    main = "r2" if task == "regression" else "accuracy"
    shown = "rmse" if task == "regression" and not part.targets else main
    own = part.figures[NETWORK]
    told = []
    for baseline in (constant, linear):
        if baseline is None:
            continue
        theirs = part.figures[baseline.name]
        mine, other = own.get(main), theirs.get(main)
        if mine is None or other is None or mine > other:
            continue
        if baseline is linear and mine == other and _surer(own, theirs):
            continue
        pair = f"{in_words(shown, own[shown])} against {in_words(shown, theirs[shown])}"
        what = shown.upper() if shown == "rmse" else {"r2": "R^2"}.get(shown, shown)
        if baseline is constant:
            told.append(f"the network is no better than {constant.words}: {what} {pair}")
        else:
            how = "as well" if mine == other else "better"
            told.append(f"a linear model does {how} here: {what} {pair}")
    return tuple(told)


def _surer(own: Figures, theirs: Figures) -> bool:
    """Whether equal predictions come with better probabilities."""
    mine, other = own.get("log_loss"), theirs.get("log_loss")
    return mine is not None and other is not None and mine < other


def _thinned(true: NDArray[Any], predicted: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    if len(true) <= _MOST_PAIRS:
        return true, predicted
    rows = np.linspace(0, len(true) - 1, _MOST_PAIRS).astype(np.int64)
    return true[rows], predicted[rows]


def _mean(values: Sequence[float | None]) -> float | None:
    there = [one for one in values if one is not None]
    return float(np.mean(there)) if there else None
