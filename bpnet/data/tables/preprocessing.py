"""From the columns of a table to x, and from what a network says back to the target."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..._lib.registry import no_such
from ..._lib.wording import shown
from .columns.decision import Decision, read_decision
from .columns.encoder import Column, read_column
from .columns.number_spelling import PLAIN
from .notes import Notes
from .reading.frames import is_frame, read_frame
from .reading.options import ReadOptions
from .stored_entries import read_entry, read_standard
from .table import Table
from .target_encoders import (
    ClassTarget,
    Labels,
    NumberTargets,
    Target,
    Task,
    read_labels,
    read_target,
)

__all__ = ["Preprocessing", "encode_columns"]

_SCHEMA_VERSION = 2


@dataclass(frozen=True)
class Preprocessing:
    """What was learnt from the training rows of a table, to be done to every other table alike.

    It holds no reference to the data and goes to JSON and back by `to_dict` and `from_dict`.

    Attributes
    ----------
    columns : tuple
        How each feature column of the table is encoded.
    goal : ClassTarget, NumberTargets, LabelColumns or LabelSets
        How the target columns are encoded.
    ignored : tuple of str
        Columns of the training table that are not used.
    decisions : tuple of Decision
        What each column of the training table was taken for.
    reading : ReadOptions
        How the training table was read.

    Examples
    --------
    >>> import numpy as np
    >>> prep = Preprocessing.from_dict({
    ...     "schema_version": 2,
    ...     "columns": [
    ...         {"kind": "numeric", "name": "age", "mean": 40.0, "scale": 10.0},
    ...         {"kind": "categorical", "name": "city", "categories": ["Bonn", "Rome"]},
    ...     ],
    ...     "target": {"kind": "numbers", "columns": [
    ...         {"name": "income", "mean": 3.0, "scale": 0.5,
    ...          "decimal": ".", "grouping": "", "signs": []},
    ...     ]},
    ...     "ignored": [],
    ...     "decisions": [],
    ...     "reading": {},
    ... })
    >>> prep.task, prep.targets, prep.features
    ('regression', ('income',), ('age', 'city=Bonn', 'city=Rome'))
    >>> prep.transform({"age": [50, 35], "city": ["Rome", "Bonn"]})
    array([[ 1. ,  0. ,  1. ],
           [-0.5,  1. ,  0. ]], dtype=float32)
    >>> prep.inverse_target(np.array([[2.0], [0.0]]))
    array([[4.],
           [3.]])
    """

    columns: tuple[Column, ...]
    goal: Target
    ignored: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    reading: ReadOptions = field(default_factory=ReadOptions)

    @property
    def task(self) -> Task:
        """Whether the target is one of some classes, several labels at once, or numbers."""
        return self.goal.task

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns to predict."""
        return self.goal.names

    @property
    def target(self) -> str:
        """The column to predict; of several the names in one, for messages."""
        return ", ".join(self.targets)

    @property
    def classes(self) -> Labels | None:
        """The label of each class index, or of each output if there are several labels at once.

        None in regression.
        """
        return self.goal.classes

    @property
    def features(self) -> tuple[str, ...]:
        """One name a column of x."""
        return tuple(feature for column in self.columns for feature in column.features)

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The columns that `read_table` must not read as numbers in another file."""
        names = [column.name for column in self.columns if column.needs_text]
        return (*names, *self.goal.text_columns)

    def read_options(self, max_bytes: int | None = None) -> ReadOptions:
        """How another file is read like the training table.

        Parameters
        ----------
        max_bytes : int, optional
            As for `read_table`.
        """
        return dataclasses.replace(self.reading, text=self.text_columns, max_bytes=max_bytes)

    def transform(self, table: Mapping[str, ArrayLike]) -> NDArray[np.float32]:
        """Encode the features of a table.

        Warns, with a ``UserWarning``, of missing values, of categories that the training rows
        did not have, and of columns that are not used.

        Parameters
        ----------
        table : mapping of str to array-like, shape (m,), or frame
            The columns by name, from `read_table`, or a dictionary of lists, or a frame of pandas,
            polars or Arrow. The target may be among them.

        Returns
        -------
        array, shape (m, number of features), float32, C-contiguous

        Raises
        ------
        ValueError
            If a feature is not there, columns differ in length, or a column of numbers holds text
            or an infinity; the message gives the column and, rows counted from 1, the row.
        """
        (x,) = self.transform_parts([table])
        return x

    def transform_parts(
        self, parts: Iterable[Mapping[str, ArrayLike]]
    ) -> Iterator[NDArray[np.float32]]:
        """Encode the features of a table that comes in parts, some rows at a time.

        Warns as `transform` does, of all parts together, after the last.

        Parameters
        ----------
        parts : iterable of mappings of str to array-like, shape (m,)
            As from `read_table_parts`.

        Yields
        ------
        array, shape (m, number of features), float32, C-contiguous
            For each part.

        Raises
        ------
        ValueError
            As `transform`; rows are counted over all parts.
        """
        notes = Notes()
        expected = {"", *self.targets, *self.ignored, *(column.name for column in self.columns)}
        first_row = 1
        for given in parts:
            if isinstance(given, Table):
                part = given
            else:
                read = read_frame(given, self.read_options())
                part = Table(read, first_row=first_row, left_out=read.left_out)
            for name in part if first_row == 1 else ():
                if name not in expected:
                    finding = "is not used by this model"
                    notes.add(name, finding, "are not used by this model")
            x = encode_columns(self.columns, part, notes, part.place)
            first_row += len(x)
            yield x
        notes.refuse_unknown()
        for sentence in notes.sentences():
            warnings.warn(sentence, UserWarning, stacklevel=3)

    def transform_target(self, values: Any) -> NDArray[Any]:
        """Encode known targets, as for an evaluation.

        Parameters
        ----------
        values : array-like, shape (m,) or (m, number of targets), or mapping or frame
            A mapping or frame has the columns of the targets by name, and may have others.

        Returns
        -------
        array
            Class indices, shape (m,), int64; standardized numbers, shape (m, number of targets),
            float32; or, where there are several labels at once, zeros and ones, shape (m, number
            of labels), float32.

        Raises
        ------
        ValueError
            If a value is missing, is none of the classes or, in regression, is no finite number,
            or a target is not there.
        """
        return self.goal.encode(self._target_columns(values), _place_of(values))

    def _target_columns(self, values: Any) -> list[NDArray[Any]]:
        if is_frame(values):
            if not isinstance(values, Mapping):
                values = read_frame(values, self.read_options())
            for name in self.targets:
                if name not in values:
                    raise ValueError(no_such("column", name, values))
            return [np.asarray(values[name]) for name in self.targets]
        array = np.asarray(values)
        n = len(self.targets)
        if array.ndim == 1 and n == 1:
            return [array]
        if array.ndim != 2 or array.shape[1] != n:
            shape = "(m,) or (m, 1)" if n == 1 else f"(m, {n})"
            raise ValueError(f"targets have shape {array.shape}, expected {shape}")
        return [array[:, k] for k in range(n)]

    def inverse_target(self, values: ArrayLike) -> NDArray[Any]:
        """Say in the target's own terms what a network said.

        Parameters
        ----------
        values : array-like
            Class indices, integers of any shape; standardized numbers, of any shape if there is
            one target, else of shape (..., number of targets); or zeros and ones, shape (...,
            number of labels).

        Returns
        -------
        array
            The labels of the classes, or numbers in the target's own unit, float64, of the same
            shape. For several labels at once each column's own values, of the same shape, or, if
            one column holds them all, a cell of labels for each row.

        Raises
        ------
        ValueError
            If a class index is no integer or there is no such class, a label is neither 0 nor 1,
            or there are too few or too many columns.
        """
        return self.goal.decode(np.asarray(values))

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values; `from_dict` reads it."""
        return {
            "schema_version": _SCHEMA_VERSION,
            "columns": [column.to_dict() for column in self.columns],
            "target": self.goal.to_dict(),
            "ignored": list(self.ignored),
            "decisions": [decision.to_dict() for decision in self.decisions],
            "reading": self.reading.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Preprocessing:
        """Read what `to_dict` wrote, in this version of bpnet or an earlier one.

        Raises
        ------
        ValueError
            If the schema is newer than this version of bpnet reads (the message gives both
            versions), or an entry is missing or wrong (it gives the entry).
        """
        where = "preprocessing"
        version = read_entry(data, "schema_version", int, where)
        if not 1 <= version <= _SCHEMA_VERSION:
            raise ValueError(
                f"{where} has schema_version {shown(version)}, this version of bpnet reads 1 to "
                f"{_SCHEMA_VERSION}" + (": update bpnet" if version > _SCHEMA_VERSION else "")
            )
        columns = tuple(
            read_column(column, f"{where}, column {i}")
            for i, column in enumerate(read_entry(data, "columns", list, where), 1)
        )
        ignored = read_entry(data, "ignored", list, where)
        if not all(isinstance(name, str) for name in ignored):
            raise ValueError(f"{where}: 'ignored' is {shown(ignored)}, expected names of columns")
        if version == 1:
            return cls(columns, _read_first_target(data, where), tuple(ignored))
        goal = read_target(read_entry(data, "target", Mapping, where), f"{where}, target")
        decisions = tuple(
            read_decision(decision, f"{where}, decision {i}")
            for i, decision in enumerate(read_entry(data, "decisions", list, where), 1)
        )
        reading = ReadOptions.from_dict(
            read_entry(data, "reading", Mapping, where), f"{where}, reading"
        )
        return cls(columns, goal, tuple(ignored), decisions, reading)


def _place_of(values: object) -> Callable[[int], str]:
    """What tells where a row, counted from 0, is found by people."""
    return values.place if isinstance(values, Table) else lambda row: f"row {row + 1}"


def _read_first_target(data: Mapping[str, Any], where: str) -> Target:
    """The target of the first schema."""
    target = read_entry(data, "target", str, where)
    mean, scale = read_standard(data, "target_mean", "target_scale", where)
    if read_entry(data, "classes", (list, type(None)), where) is None:
        return NumberTargets((target,), (mean,), (scale,), (PLAIN,))
    return ClassTarget(target, read_labels(data, "classes", where))


def encode_columns(
    columns: Sequence[Column],
    table: Mapping[str, ArrayLike],
    notes: Notes,
    place: Callable[[int], str] | None = None,
    rows: NDArray[np.int64] | None = None,
) -> NDArray[np.float32]:
    """Encode these columns of a table, or of some rows, and note what the user should know.

    Messages call a row of the table what ``place`` says, by default "row 1" and so on.
    """
    place = place or _place_of(table)
    arrays = {}
    for column in columns:
        if column.name not in table:
            raise ValueError(no_such("column", column.name, table))
        arrays[column.name] = np.asarray(table[column.name])
    lengths = {name: array.shape for name, array in arrays.items()}
    first = next(iter(lengths), "")
    for name, shape in lengths.items():
        if len(shape) != 1 or shape != lengths[first]:
            raise ValueError(
                f"column {name!r} has shape {shape}, column {first!r} {lengths[first]}; "
                "columns have one dimension and one length"
            )
    width = sum(len(column.features) for column in columns)
    m = lengths.get(first, (0,))[0] if rows is None else len(rows)
    x = np.empty((m, width), dtype=np.float32)

    def place_of_value(row: int) -> str:
        return place(row if rows is None else int(rows[row]))

    start = 0
    for column in columns:
        stop = start + len(column.features)
        values = arrays[column.name] if rows is None else arrays[column.name][rows]
        column.encode(values, x[:, start:stop], notes, place_of_value)
        start = stop
    return x
