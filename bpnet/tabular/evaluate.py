"""A trained network judged on other data."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .._lib.wording import count, listing, shown
from ..data import Preprocessing
from ..data.sparse import is_sparse
from ..data.tables.cell_parsing import as_numbers, is_missing
from ..data.tables.table import Table
from ..data.tables.target_encoders import NumberTargets, target_numbers
from ..network import Network
from .baselines import stored_baseline
from .judge import PartTally, told_warnings
from .labelled import labelled_parts, named_file, target_columns
from .outputs import class_index, class_labels, network_outputs, preprocessing_of, target_names
from .report import NETWORK, Report

__all__ = ["Evaluation", "evaluate"]

_ROWS = 8192  # that are computed at a time
_ENTRIES = 2**20  # of a sparse matrix that are dense at a time
_PART = "data"

Place: TypeAlias = Callable[[int], str]


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
        network, inputs of shape (m, n_0), which may be sparse, and targets as `Network.fit` takes
        them.
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
    if isinstance(data, tuple) and len(data) == 2 and not isinstance(data[0], Mapping):
        given, y = data
        sparse = is_sparse(given)
        x: Any = given.tocsr() if sparse else np.asarray(given)
        most = max(1, _ENTRIES // max([1, *x.shape[1:]])) if sparse else _ROWS
        for start in range(0, x.shape[0], most):
            rows = slice(start, start + most)
            judge.add_encoded(x[rows].toarray() if sparse else x[rows], np.asarray(y)[rows])
        return judge.report()
    preprocessing = preprocessing_of(net)
    if preprocessing is None:
        raise ValueError(
            "the network was not trained on a table, so it does not know how columns become its "
            "inputs: give a pair (x, y) of arrays"
        )
    names = target_columns(preprocessing, target)
    with named_file(data):
        for x, columns, place in _blocks(preprocessing, names, data, max_bytes):
            judge.add(x, columns, place)
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
        self._missing = 0

    def add(
        self, x: NDArray[Any], columns: Sequence[NDArray[Any]], place: Place | None = None
    ) -> None:
        """Count a block of rows.

        Parameters
        ----------
        x : array, shape (m, n_0)
        columns : sequence of array, shape (m,)
            The target columns as they are in a table.
        place : callable, optional
            What messages call a row, counted from 0 in the block.
        """
        there = np.flatnonzero(~np.any([is_missing(column) for column in columns], axis=0))
        self._missing += len(x) - len(there)
        if len(there):
            known: Place = place or (lambda row: f"row {row + 1}")
            truth = self._truth([one[there] for one in columns], lambda row: known(there[row]))
            self.add_encoded(x[there], truth)

    def add_encoded(self, x: NDArray[Any], y: NDArray[Any]) -> None:
        """Count a block whose targets are as `Network.fit` takes them."""
        y = y.reshape(len(y), -1) if self._net.task == "regression" else y
        if self._net.task == "classification" and y.dtype.kind in "OUS":
            y = self._indices(y)
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

    def _truth(self, columns: list[NDArray[Any]], place: Place) -> NDArray[Any]:
        """Targets, none of them missing, as `Outputs` has predictions."""
        goal = None if self._preprocessing is None else self._preprocessing.goal
        if self._net.task == "classification":
            return self._indices(columns[0])
        if isinstance(goal, NumberTargets):
            goal.encode(columns, place)  # which says what is wrong with one
            both = zip(columns, goal.spellings, strict=True)
            return np.stack([target_numbers(column, one) for column, one in both], axis=1)
        if goal is not None:
            return goal.encode(columns, place)
        named = zip(self._targets, columns, strict=True)
        return np.stack([as_numbers(name, one, place=place) for name, one in named], axis=1)

    def _indices(self, column: NDArray[Any]) -> NDArray[np.int64]:
        """Class indices; those of unknown classes follow on the network's own."""
        labels, known, unknown = column.tolist(), len(self._classes or ()), self._unknown
        for label, times in Counter(labels).items():
            if label not in self._codes:
                code = self._code_of(label, column.dtype)
                self._codes[label] = known + len(unknown) if code < 0 else code
                if code < 0:
                    unknown[label] = 0
            if label in unknown:
                unknown[label] += times
        return np.array([self._codes[label] for label in labels], dtype=np.int64)

    def _code_of(self, label: Any, dtype: Any) -> int:
        """The index of a class; -1 if the network does not know it."""
        if self._preprocessing is not None:
            try:
                found = self._preprocessing.transform_target(np.array([label], dtype=dtype))
            except ValueError:
                return -1
            return int(found[0])
        return class_index(label, self._classes or ())


def _blocks(
    preprocessing: Preprocessing, names: Sequence[str], data: Any, max_bytes: int | None
) -> Iterator[tuple[NDArray[Any], list[NDArray[Any]], Place]]:
    """Inputs, target columns and what rows are called, of some rows of a table at a time."""
    waiting: deque[tuple[list[NDArray[Any]], Place]] = deque()

    def features() -> Iterator[Table]:
        for part in labelled_parts(preprocessing, names, data, max_bytes):
            waiting.append(([part.pop(name) for name in names], part.place))
            yield part

    for x in preprocessing.transform_parts(features()):
        yield x, *waiting.popleft()
