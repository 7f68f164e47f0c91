"""From the columns of a table to x, and from what a network says back to the target."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..._lib.registry import no_such
from ..._lib.wording import listing, shown
from .cell_parsing import as_numbers, as_text
from .columns.encoder import Column, Numeric, read_column
from .notes import Notes
from .stored_entries import read_entry, read_standard

__all__ = ["Preprocessing", "encode_columns"]

_SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Preprocessing:
    """What was learnt from the training rows of a table, to be done to every other table alike.

    It holds no reference to the data and goes to JSON and back by `to_dict` and `from_dict`.

    Attributes
    ----------
    columns : tuple of Numeric or Categorical
        How each feature column of the table is encoded: numbers are standardized, everything else
        is one-hot encoded.
    target : str
        The column to predict.
    classes : tuple of str or int, or None
        The label of each class index; None in regression.
    target_mean, target_scale : float
        In regression a network learns (target - target_mean) / target_scale, so its costs are in
        units of the target's standard deviation, squared where the cost is.
    ignored : tuple of str
        Columns of the training table that are not used.

    Examples
    --------
    >>> import numpy as np
    >>> prep = Preprocessing.from_dict({
    ...     "schema_version": 1,
    ...     "columns": [
    ...         {"kind": "numeric", "name": "age", "mean": 40.0, "scale": 10.0},
    ...         {"kind": "categorical", "name": "city", "categories": ["Bonn", "Rome"]},
    ...     ],
    ...     "target": "income", "classes": None, "target_mean": 3.0, "target_scale": 0.5,
    ...     "ignored": [],
    ... })
    >>> prep.features
    ('age', 'city=Bonn', 'city=Rome')
    >>> prep.transform({"age": [50, 35], "city": ["Rome", "Bonn"]})
    array([[ 1. ,  0. ,  1. ],
           [-0.5,  1. ,  0. ]], dtype=float32)
    >>> prep.inverse_target(np.array([[2.0], [0.0]]))
    array([[4.],
           [3.]])
    """

    columns: tuple[Column, ...]
    target: str
    classes: tuple[str, ...] | tuple[int, ...] | None
    target_mean: float = 0.0
    target_scale: float = 1.0
    ignored: tuple[str, ...] = ()

    @property
    def task(self) -> Literal["classification", "regression"]:
        """Whether the target is one of some classes or a number."""
        return "regression" if self.classes is None else "classification"

    @property
    def features(self) -> tuple[str, ...]:
        """One name a column of x."""
        return tuple(feature for column in self.columns for feature in column.features)

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The columns that `read_table` must not read as numbers in another file."""
        names = [column.name for column in self.columns if not isinstance(column, Numeric)]
        if self.classes is not None and isinstance(self.classes[0], str):
            names.append(self.target)
        return tuple(names)

    def transform(self, table: Mapping[str, ArrayLike]) -> NDArray[np.float32]:
        """Encode the features of a table.

        Warns, with a ``UserWarning``, of missing values, of categories that the training rows
        did not have, and of columns that are not used.

        Parameters
        ----------
        table : mapping of str to array-like, shape (m,)
            The columns by name, from `read_table`, or a dictionary of lists, or a data frame. The
            target may be among them.

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
        expected = {"", self.target, *self.ignored, *(column.name for column in self.columns)}
        first_row = 1
        for part in parts:
            for name in part if first_row == 1 else ():
                if name not in expected:
                    finding = "is not used by this model"
                    notes.add(name, finding, "are not used by this model")
            x = encode_columns(self.columns, part, notes, first_row)
            first_row += len(x)
            yield x
        for sentence in notes.sentences():
            warnings.warn(sentence, UserWarning, stacklevel=3)

    def transform_target(self, values: ArrayLike) -> NDArray[Any]:
        """Encode known targets, as for an evaluation.

        Parameters
        ----------
        values : array-like, shape (m,)

        Returns
        -------
        array
            Class indices, shape (m,), int64, or standardized numbers, shape (m, 1), float32.

        Raises
        ------
        ValueError
            If a value is missing, is none of the classes or, in regression, is no finite number.
        """
        if self.classes is None:
            numbers = as_numbers(self.target, values)
            with np.errstate(over="ignore"):
                standard = ((numbers - self.target_mean) / self.target_scale).astype(np.float32)
            self._refuse(np.flatnonzero(~np.isfinite(standard)), numbers)
            return standard[:, np.newaxis]
        labels: Sequence[object]
        if isinstance(self.classes[0], str):
            labels = as_text(values).tolist()
        elif np.asarray(values).dtype.kind in "iu":  # exact where floats would not be
            labels = np.asarray(values).tolist()
        else:
            labels = as_numbers(self.target, values).tolist()
        index: dict[object, int] = {label: i for i, label in enumerate(self.classes)}
        codes = np.array([index.get(label, -1) for label in labels], dtype=np.int64)
        self._refuse(np.flatnonzero(codes < 0), labels)
        return codes

    def inverse_target(self, values: ArrayLike) -> NDArray[Any]:
        """Say in the target's own terms what a network said.

        Parameters
        ----------
        values : array-like
            Class indices, integers of any shape, or standardized numbers of any shape.

        Returns
        -------
        array, of the same shape
            The labels of the classes, or numbers in the target's own unit, float64.

        Raises
        ------
        ValueError
            If a class index is no integer or there is no such class.
        """
        if self.classes is None:
            numbers: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
            return numbers * self.target_scale + self.target_mean
        indices = np.asarray(values)
        if indices.dtype.kind not in "iu":
            raise ValueError(f"class indices are integers, these are {indices.dtype}")
        wrong = indices[(indices < 0) | (indices >= len(self.classes))]
        if wrong.size:
            raise ValueError(f"no class index {wrong[0]}: there are {len(self.classes)} classes")
        return np.take(np.array(self.classes), indices)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values; `from_dict` reads it."""
        return {
            "schema_version": _SCHEMA_VERSION,
            "columns": [column.to_dict() for column in self.columns],
            "target": self.target,
            "classes": None if self.classes is None else list(self.classes),
            "target_mean": self.target_mean,
            "target_scale": self.target_scale,
            "ignored": list(self.ignored),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Preprocessing:
        """Read what `to_dict` wrote.

        Raises
        ------
        ValueError
            If the schema is newer than this version of bpnet reads (the message gives both
            versions), or an entry is missing or wrong (it gives the entry).
        """
        where = "preprocessing"
        version = read_entry(data, "schema_version", int, where)
        if version != _SCHEMA_VERSION:
            raise ValueError(
                f"{where} has schema_version {shown(version)}, this version of bpnet reads "
                f"{_SCHEMA_VERSION}" + (": update bpnet" if version > _SCHEMA_VERSION else "")
            )
        columns = tuple(
            read_column(column, f"{where}, column {i}")
            for i, column in enumerate(read_entry(data, "columns", list, where), 1)
        )
        target = read_entry(data, "target", str, where)
        classes = read_entry(data, "classes", (list, type(None)), where)
        if classes is not None and not _are_classes(classes):
            raise ValueError(
                f"{where}: 'classes' are {shown(classes)}, expected different labels, "
                "all text or all integers"
            )
        mean, scale = read_standard(data, "target_mean", "target_scale", where)
        ignored = read_entry(data, "ignored", list, where)
        if not all(isinstance(name, str) for name in ignored):
            raise ValueError(f"{where}: 'ignored' is {shown(ignored)}, expected names of columns")
        return cls(
            columns, target, None if classes is None else tuple(classes), mean, scale,
            tuple(ignored),
        )  # fmt: skip

    def _refuse(self, rows: NDArray[np.int64], values: Sequence[object] | NDArray[Any]) -> None:
        if rows.size:
            expected = (
                "a number that fits in float32"
                if self.classes is None
                else f"one of {listing(self.classes)}"
            )
            raise ValueError(
                f"column {self.target!r}, row {rows[0] + 1}: {values[rows[0]]!r}, "
                f"expected {expected}"
            )


def encode_columns(
    columns: Sequence[Column],
    table: Mapping[str, ArrayLike],
    notes: Notes,
    first_row: int = 1,
) -> NDArray[np.float32]:
    """Encode these columns of a table side by side, and note what the user should know."""
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
    x = np.empty((*lengths.get(first, (0,)), width), dtype=np.float32)
    start = 0
    for column in columns:
        stop = start + len(column.features)
        column.encode(arrays[column.name], x[:, start:stop], notes, first_row)
        start = stop
    return x


def _are_classes(labels: Sequence[object]) -> bool:
    kinds = {type(label) for label in labels}
    return kinds in ({str}, {int}) and len(set(labels)) == len(labels)
