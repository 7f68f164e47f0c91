"""A trained network judged on other data."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._lib.registry import no_such
from .._lib.wording import count, listing, shown
from ..data import Preprocessing, read_table_parts
from ..data.tables.cell_parsing import as_numbers, as_text, is_missing
from ..data.tables.table import Table
from ..network import Network
from .baselines import stored_baseline
from .judge import PartTally, told_warnings
from .outputs import class_labels, network_outputs, preprocessing_of, target_names
from .report import NETWORK, Report

__all__ = ["Evaluation", "evaluate"]

_ROWS = 8192  # that are computed at a time
_PART = "data"


def evaluate(
    net: Network,
    data: Any,
    *,
    target: str | Sequence[str] | None = None,
    max_bytes: int | None = None,
) -> Report:
    r"""Judge a network on data that it was not trained on.

    A file is read some rows at a time, so that it may be larger than memory. The figures are those
    of the predictions that ``bpnet predict`` writes for the same file.

    - Rows without a target are left out; a note of the report says how many.
    - A class that the network does not know is no error: its rows count as wrong, the class counts
      in the balanced accuracy, and the log loss leaves them out. A note names it.

    Parameters
    ----------
    net : Network
    data : path, frame, or pair (x, y) of arrays
        Of a network that was trained on a table, a file or a frame with the same columns; of any
        network, inputs of shape (m, n_0) and targets as `Network.fit` takes them.
    target : str or sequence of str, optional
        The column of the true values, if it is called otherwise than in training.
    max_bytes : int, optional
        As for `bpnet.data.read_table_parts`.

    Returns
    -------
    Report
        With a single part, ``"data"``.

    Raises
    ------
    ValueError
        If a column is missing, no row has a target, no target is a class of the network, or the
        network knows nothing of tables.

    Examples
    --------
    >>> import bpnet
    >>> digits = bpnet.data.load_digits()
    >>> net = bpnet.Network([64, 10], cost="log_likelihood", seed=0)
    >>> _ = net.fit(*digits.train, epochs=1, optimizer="adam")
    >>> report = bpnet.evaluate(net, digits.test)
    >>> report["data"].rows, report["data"].figures["network"].keys()
    (359, dict_keys(['accuracy', 'balanced_accuracy', 'log_loss']))
    """
    judge = Evaluation(net)
    if isinstance(data, tuple):
        x, y = data
        x = np.asarray(x)
        for start in range(0, len(x), _ROWS):
            rows = slice(start, start + _ROWS)
            judge.add_encoded(x[rows], np.asarray(y)[rows])
        return judge.report()
    preprocessing = preprocessing_of(net)
    if preprocessing is None:
        raise ValueError(
            "the network was not trained on a table, so it does not know how columns become its "
            "inputs: give a pair (x, y) of arrays"
        )
    names = _names(preprocessing, target)
    with _named(data):
        for x, columns in _blocks(preprocessing, names, data, max_bytes):
            judge.add(x, columns)
        return judge.report()


class Evaluation:
    """Judges a network on rows that come in blocks.

    Parameters
    ----------
    net : Network
    """

    def __init__(self, net: Network) -> None:
        self._net, self._preprocessing = net, preprocessing_of(net)
        self._classes, self._targets = class_labels(net), target_names(net)
        self._tally = PartTally(net.task, self._classes, self._targets)
        self._baseline = stored_baseline(
            net.task, net.metadata.get("baseline"), self._classes, len(self._targets)
        )
        self._codes: dict[Any, int] = {}
        self._unknown: dict[Any, int] = {}
        self._rows = self._missing = 0

    def add(self, x: NDArray[Any], columns: Sequence[NDArray[Any]]) -> None:
        """Count a block of rows.

        Parameters
        ----------
        x : array, shape (m, n_0)
        columns : sequence of array, shape (m,)
            The target columns as they are in a table.
        """
        missing = np.any([is_missing(column) for column in columns], axis=0)
        first, self._rows = self._rows + 1, self._rows + len(missing)
        if not missing.all():
            truth = self._truth(columns, first)  # while rows are still counted as in the file
            self.add_encoded(x[~missing], truth[~missing])
        self._missing += int(missing.sum())

    def add_encoded(self, x: NDArray[Any], y: NDArray[Any]) -> None:
        """Count a block whose targets are class indices, zeros and ones, or numbers."""
        y = y.reshape(len(y), -1) if self._net.task == "regression" else y
        if self._net.task == "classification" and y.ndim == 2:
            y = y.argmax(axis=1) if y.shape[1] > 1 else (y[:, 0] > 0.5).astype(np.int64)
        with np.errstate(all="ignore"):  # what overflows has no figure
            said = {NETWORK: network_outputs(self._net, x, self._preprocessing)}
            if self._baseline is not None:
                said[self._baseline.name] = self._baseline.outputs(x)
            self._tally.add(y, said)

    def report(self) -> Report:
        """The figures of all rows so far."""
        part = self._tally.part()
        if not part.rows:
            raise ValueError(f"no row has a target, in column {listing(self._targets)}")
        if self._unknown and sum(self._unknown.values()) == part.rows:
            raise ValueError(
                f"column {shown(self._targets[0])}: no value is a class of the network; there are "
                f"{listing(self._unknown)}, expected {listing(self._classes or ())}"
            )
        notes = []
        if self._missing:
            were = "is" if self._missing == 1 else "are"
            notes.append(f"{count(self._missing, 'row')} without a target {were} left out")
        if self._unknown:
            rows = count(sum(self._unknown.values()), "row")
            notes.append(
                f"{rows} with classes that the network does not know, counted as wrong: "
                f"{listing(self._unknown)}"
            )
        warnings = (
            () if self._baseline is None else told_warnings(part, self._net.task, self._baseline)
        )
        return Report(
            self._net.task, self._targets, self._classes, {_PART: part}, warnings, tuple(notes)
        )

    def _truth(self, columns: Sequence[NDArray[Any]], first_row: int) -> NDArray[Any]:
        """Targets as `Outputs` has predictions; what rows without one have does not matter."""
        if self._net.task == "regression":
            numbers = [
                as_numbers(name, column, first_row)
                for name, column in zip(self._targets, columns, strict=True)
            ]
            return np.stack(numbers, axis=1)
        if self._net.task == "multilabel":
            return self._labels(columns)
        (column,) = columns
        labels = column.tolist()
        known, codes, unknown = len(self._classes or ()), self._codes, self._unknown
        for label in set(labels):
            if label not in codes and label is not None and label == label:
                codes[label] = self._code_of(label, column.dtype)
                if codes[label] < 0:
                    codes[label] = known + len(unknown)
                    unknown[label] = 0
        truth = np.array([codes.get(label, 0) for label in labels], dtype=np.int64)
        for label, times in zip(*np.unique(truth[truth >= known], return_counts=True), strict=True):
            unknown[list(unknown)[label - known]] += int(times)
        return truth

    def _code_of(self, label: Any, dtype: Any) -> int:
        """The index of a class; -1 if the network does not know it."""
        if self._preprocessing is None:
            texts = [str(one) for one in self._classes or ()]
            word = str(int(label)) if isinstance(label, float) and label.is_integer() else label
            return texts.index(str(word)) if str(word) in texts else -1
        try:
            return int(self._preprocessing.transform_target(np.array([label], dtype=dtype))[0])
        except ValueError:
            return -1

    def _labels(self, columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Zeros and ones of several labels at once; a label that is unknown raises."""
        there = ~np.any([is_missing(column) for column in columns], axis=0)
        if self._preprocessing is None:
            return np.stack(columns, axis=1)
        names = self._preprocessing.targets
        own = dict(zip(names, (column[there] for column in columns), strict=True))
        found = self._preprocessing.transform_target(own)
        truth = np.zeros((len(there), found.shape[1]), dtype=found.dtype)
        truth[there] = found
        return truth


def _names(preprocessing: Preprocessing, target: str | Sequence[str] | None) -> tuple[str, ...]:
    """The columns that hold the targets, in the order of those trained on."""
    if target is None:
        return preprocessing.targets
    names = (target,) if isinstance(target, str) else tuple(target)
    if len(names) != len(preprocessing.targets):
        raise ValueError(
            f"the network predicts {listing(preprocessing.targets)}, so target must name "
            f"{count(len(preprocessing.targets), 'column')}, not {listing(names)}"
        )
    for name in names:
        if any(column.name == name for column in preprocessing.columns):
            raise ValueError(
                f"column {name!r} is what the network predicts from, so it cannot be the target"
            )
    return names


def _blocks(
    preprocessing: Preprocessing, names: Sequence[str], data: Any, max_bytes: int | None
) -> Iterator[tuple[NDArray[Any], list[NDArray[Any]]]]:
    """Inputs and target columns of a table, some rows at a time."""
    own = dict(zip(preprocessing.targets, names, strict=True))
    text = [own.get(name, name) for name in preprocessing.text_columns]
    waiting: deque[list[NDArray[Any]]] = deque()

    def features() -> Iterator[Mapping[str, Any]]:
        for part in _parts(data, text, max_bytes):
            for name in names:
                if name not in part:
                    raise ValueError(no_such("column", name, part))
            waiting.append([part.pop(name) for name in names])
            yield part

    for x in preprocessing.transform_parts(features()):
        columns = waiting.popleft()
        for start in range(0, len(x), _ROWS):
            rows = slice(start, start + _ROWS)
            yield x[rows], [column[rows] for column in columns]


def _parts(data: Any, text: Sequence[str], max_bytes: int | None) -> Iterator[Table]:
    """The parts of a file, each its own to change; a frame is one part."""
    if isinstance(data, str | os.PathLike):
        yield from read_table_parts(data, text=text, max_bytes=max_bytes)
    else:
        columns = {str(name): np.asarray(data[name]) for name in data}
        yield Table(
            (name, values if values.dtype.kind in "iuf" else as_text(values))
            for name, values in columns.items()
        )


@contextlib.contextmanager
def _named(data: Any) -> Iterator[None]:
    """Errors of a file begin with its name."""
    try:
        yield
    except ValueError as error:
        told = str(error)
        if not isinstance(data, str | os.PathLike) or told.startswith(os.fspath(data)):
            raise
        raise ValueError(f"{os.fspath(data)}: {told}") from error
