"""From target columns to y, and from what a network says back to the targets' own terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..._lib.wording import listing, shown
from .cell_parsing import as_text, parse_number
from .columns.number_spelling import NumberSpelling
from .columns.stored import read_texts
from .stored_entries import read_entry, read_standard
from .truth import truth_of

__all__ = [
    "ClassTarget",
    "LabelColumns",
    "LabelSets",
    "Labels",
    "NumberTargets",
    "Target",
    "Task",
    "labels_in",
    "read_target",
    "shown_cell",
    "target_numbers",
]

Task: TypeAlias = Literal["classification", "multilabel", "regression"]
Labels: TypeAlias = tuple[str, ...] | tuple[int, ...]
Place: TypeAlias = Callable[[int], str]


@dataclass(frozen=True)
class ClassTarget:
    """One column of classes; y holds their indices."""

    name: str
    classes: Labels

    task: ClassVar[Task] = "classification"

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return (self.name,)

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Those that must not be read as numbers."""
        return (self.name,) if isinstance(self.classes[0], str) else ()

    def encode(self, columns: Sequence[ArrayLike], place: Place) -> NDArray[np.int64]:
        """Class indices, shape (m,), of one column of labels."""
        return _codes(self.name, self.classes, columns[0], place)

    def decode(self, values: NDArray[Any]) -> NDArray[Any]:
        """The labels of class indices of any shape."""
        if values.dtype.kind not in "iu":
            raise ValueError(f"class indices are integers, these are {values.dtype}")
        wrong = values[(values < 0) | (values >= len(self.classes))]
        if wrong.size:
            raise ValueError(f"no class index {wrong[0]}: there are {len(self.classes)} classes")
        return np.take(np.array(self.classes), values)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"kind": "classes", "name": self.name, "classes": list(self.classes)}


@dataclass(frozen=True)
class NumberTargets:
    """Columns of numbers; y holds (number - mean) / scale, a column each.

    Durations count in seconds. Numbers in text are read in the spelling of each column.
    """

    names: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    spellings: tuple[NumberSpelling, ...]

    task: ClassVar[Task] = "regression"
    classes: ClassVar[None] = None
    text_columns: ClassVar[tuple[str, ...]] = ()

    def encode(self, columns: Sequence[ArrayLike], place: Place) -> NDArray[np.float32]:
        """Standardized numbers, shape (m, number of columns)."""
        found = []
        for name, mean, scale, spelling, values in zip(
            self.names, self.means, self.scales, self.spellings, columns, strict=True
        ):
            numbers = target_numbers(values, spelling)
            with np.errstate(over="ignore", invalid="ignore"):
                standard = ((numbers - mean) / scale).astype(np.float32)
            wrong = np.flatnonzero(~np.isfinite(standard))
            if wrong.size:
                row = int(wrong[0])
                cell = shown_cell(np.asarray(values)[row])
                raise ValueError(
                    f"column {name!r}, {place(row)}: {cell}, expected a number that fits in float32"
                )
            found.append(standard)
        return np.stack(found, axis=1)

    def decode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Numbers in the targets' own units, of standardized ones of the same shape."""
        if len(self.names) > 1 and (not values.ndim or values.shape[-1] != len(self.names)):
            raise ValueError(
                f"predictions have shape {values.shape}, expected {len(self.names)} columns, one "
                f"for each of {listing(self.names)}"
            )
        numbers: NDArray[np.float64] = values.astype(np.float64)
        if len(self.names) == 1:  # of whatever shape
            numbers = numbers * self.scales[0] + self.means[0]
        else:
            numbers = numbers * np.array(self.scales) + np.array(self.means)
        return numbers

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        columns = [
            {
                "name": name,
                "mean": mean,
                "scale": scale,
                "decimal": spelling.decimal,
                "grouping": spelling.grouping,
                "signs": list(spelling.signs or ()),
            }
            for name, mean, scale, spelling in zip(
                self.names, self.means, self.scales, self.spellings, strict=True
            )
        ]
        return {"kind": "numbers", "columns": columns}


@dataclass(frozen=True)
class LabelColumns:
    """Columns of two values each; y holds 0 for the first and 1 for the second, a column each."""

    names: tuple[str, ...]
    pairs: tuple[Labels, ...]

    task: ClassVar[Task] = "multilabel"

    @property
    def classes(self) -> tuple[str, ...]:
        """The name of each label: that of its column."""
        return self.names

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Those that must not be read as numbers."""
        named = zip(self.names, self.pairs, strict=True)
        return tuple(name for name, pair in named if isinstance(pair[0], str))

    def encode(self, columns: Sequence[ArrayLike], place: Place) -> NDArray[np.float32]:
        """Zeros and ones, shape (m, number of columns)."""
        coded = [
            _codes(name, pair, values, place)
            for name, pair, values in zip(self.names, self.pairs, columns, strict=True)
        ]
        return np.stack(coded, axis=1).astype(np.float32)

    def decode(self, values: NDArray[Any]) -> NDArray[Any]:
        """The columns' own values of rows of zeros and ones."""
        chosen = _zeros_and_ones(values, len(self.names))
        alike = len({type(pair[0]) for pair in self.pairs}) == 1
        pairs = np.array(self.pairs, dtype=None if alike else np.object_)
        labels: NDArray[Any] = np.where(chosen, pairs[:, 1], pairs[:, 0])
        return labels

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        columns = [
            {"name": name, "values": list(pair)}
            for name, pair in zip(self.names, self.pairs, strict=True)
        ]
        return {"kind": "label columns", "columns": columns}


@dataclass(frozen=True)
class LabelSets:
    """One column that holds several labels a cell; y has a column of zeros and ones for each."""

    name: str
    classes: tuple[str, ...]
    separator: str

    task: ClassVar[Task] = "multilabel"

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return (self.name,)

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Those that must not be read as numbers."""
        return (self.name,)

    def encode(self, columns: Sequence[ArrayLike], place: Place) -> NDArray[np.float32]:
        """Zeros and ones, shape (m, number of labels)."""
        index = {label: i for i, label in enumerate(self.classes)}
        cells = as_text(columns[0]).tolist()
        y = np.zeros((len(cells), len(index)), dtype=np.float32)
        for row, cell in enumerate(cells):
            if cell is None:
                raise ValueError(f"column {self.name!r}, {place(row)}: no label")
            for label in labels_in(cell, self.separator):
                if label not in index:
                    raise ValueError(
                        f"column {self.name!r}, {place(row)}: {shown(label)}, expected one of "
                        f"{listing(self.classes)}"
                    )
                y[row, index[label]] = 1.0
        return y

    def decode(self, values: NDArray[Any]) -> NDArray[Any]:
        """A cell of labels for each row of zeros and ones."""
        chosen = _zeros_and_ones(values, len(self.classes))
        flat = chosen.reshape(-1, len(self.classes))
        cells = np.empty(len(flat), dtype=np.object_)
        names = np.array(self.classes, dtype=np.object_)
        cells[:] = [self.separator.join(names[row]) for row in flat]
        return cells.reshape(chosen.shape[:-1])

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "kind": "label sets",
            "name": self.name,
            "labels": list(self.classes),
            "separator": self.separator,
        }


Target: TypeAlias = ClassTarget | NumberTargets | LabelColumns | LabelSets


def labels_in(cell: str, separator: str) -> list[str]:
    """The labels in a cell, which may be written as a list.

    >>> labels_in("a| b", "|"), labels_in("['a', 'b']", ",")
    (['a', 'b'], ['a', 'b'])
    """
    cell = cell.strip()
    if cell[:1] == "[" and cell[-1:] == "]":
        cell = cell[1:-1]
    return [label for part in cell.split(separator) if (label := part.strip(" \t'\""))]


def target_numbers(values: ArrayLike, spelling: NumberSpelling) -> NDArray[np.float64]:
    """A column as numbers, NaN where one is missing or no number; durations in seconds."""
    array = np.asarray(values)
    if array.dtype.kind in "biuf":
        return array.astype(np.float64)
    if array.dtype.kind == "m":
        return array / np.timedelta64(1, "s")
    numbers, _ = spelling.read(as_text(array))
    return numbers


def read_target(data: object, where: str) -> Target:
    """The target that a ``to_dict`` wrote, with everything about it checked."""
    kind = read_entry(data, "kind", str, where)
    if kind == "classes":
        name = read_entry(data, "name", str, where)
        return ClassTarget(name, read_labels(data, "classes", where))
    if kind == "numbers":
        columns = _read_columns(data, where)
        standards = [read_standard(one, "mean", "scale", at) for one, at in columns]
        names = _read_names(columns, where)
        means, scales = zip(*standards, strict=True)
        spellings = tuple(_read_spelling(one, at) for one, at in columns)
        return NumberTargets(names, means, scales, spellings)
    if kind == "label columns":
        columns = _read_columns(data, where)
        pairs = tuple(read_labels(one, "values", at) for one, at in columns)
        for pair, (_, at) in zip(pairs, columns, strict=True):
            if len(pair) != 2:
                raise ValueError(f"{at}: 'values' are {shown(list(pair))}, expected two")
        return LabelColumns(_read_names(columns, where), pairs)
    if kind == "label sets":
        name, separator = (read_entry(data, key, str, where) for key in ("name", "separator"))
        labels = read_labels(data, "labels", where)
        if not all(isinstance(label, str) for label in labels):
            raise ValueError(f"{where}: 'labels' are {shown(list(labels))}, expected text")
        if not separator:
            raise ValueError(f"{where}: 'separator' is '', expected a character")
        return LabelSets(name, tuple(map(str, labels)), separator)
    raise ValueError(
        f"{where}: 'kind' is {shown(kind)}, expected 'classes', 'numbers', 'label columns' or "
        "'label sets'"
    )


def read_labels(data: object, key: str, where: str) -> Labels:
    """Different labels, all text or all integers, stored under this key."""
    labels = read_entry(data, key, list, where)
    kinds = {type(label) for label in labels}
    if kinds not in ({str}, {int}) or len(set(labels)) != len(labels):
        raise ValueError(
            f"{where}: {key!r} are {shown(labels)}, expected different labels, all text or all "
            "integers"
        )
    return tuple(labels)


def _read_columns(data: object, where: str) -> list[tuple[object, str]]:
    """The entries of several columns, and what messages call each."""
    columns = read_entry(data, "columns", list, where)
    if not columns:
        raise ValueError(f"{where}: 'columns' is [], expected a column or more")
    return [(column, f"{where}, column {i}") for i, column in enumerate(columns, 1)]


def _read_names(columns: Sequence[tuple[object, str]], where: str) -> tuple[str, ...]:
    names = tuple(read_entry(column, "name", str, at) for column, at in columns)
    if len(set(names)) != len(names):
        raise ValueError(f"{where}: columns are called {listing(names)}, expected different names")
    return names


def _read_spelling(data: object, where: str) -> NumberSpelling:
    decimal, grouping = (read_entry(data, key, str, where) for key in ("decimal", "grouping"))
    if decimal not in (".", ",") or grouping not in ("", ",", ".", " ", "'") or decimal == grouping:
        raise ValueError(
            f"{where}: 'decimal' {shown(decimal)} and 'grouping' {shown(grouping)} spell no numbers"
        )
    return NumberSpelling(decimal, grouping, read_texts(data, "signs", where))


def _codes(name: str, classes: Labels, values: ArrayLike, place: Place) -> NDArray[np.int64]:
    """The index of each label among the classes; yes and no are known in any spelling."""
    labels = _labels(values, isinstance(classes[0], str))
    index: dict[object, int] = {label: i for i, label in enumerate(classes)}
    codes = np.array([index.get(label, -1) for label in labels], dtype=np.int64)
    for same in (_number_of, truth_of):  # 1.0 is 1, and True is yes, where no others are
        known = {same(label): i for i, label in enumerate(classes)}
        unknown = np.flatnonzero(codes < 0)
        if unknown.size and None not in known and len(known) == len(classes):
            codes[unknown] = [known.get(same(labels[row]), -1) for row in unknown]
    unknown = np.flatnonzero(codes < 0)
    if unknown.size:
        row = unknown[0]
        raise ValueError(
            f"column {name!r}, {place(row)}: {shown_cell(labels[row])}, expected one of "
            f"{listing(classes)}"
        )
    return codes


def shown_cell(cell: object) -> str:
    """A cell of a table for a message."""
    if isinstance(cell, np.generic):
        cell = cell.item()
    missing = cell is None or cell != cell or cell == ""
    return "no value" if missing else shown(cell)


def _number_of(label: object) -> float | None:
    return parse_number(str(label))


def _labels(values: ArrayLike, as_words: bool) -> list[Any]:
    """Labels as text, or else as numbers where they are some."""
    array = np.asarray(values)
    if not as_words and array.dtype.kind in "iuf":  # exact where floats would not be
        return [*array.tolist()]
    texts: list[str | None] = as_text(array).tolist()
    if as_words:
        return texts
    numbers = [None if text is None else parse_number(text) for text in texts]
    return [text if number is None else number for text, number in zip(texts, numbers, strict=True)]


def _zeros_and_ones(values: NDArray[Any], width: int) -> NDArray[np.bool_]:
    if not values.ndim or values.shape[-1] != width:
        raise ValueError(f"labels have shape {values.shape}, expected {width} columns")
    if not ((values == 0) | (values == 1)).all():
        raise ValueError("labels are rows of zeros and ones, these hold other values")
    return values.astype(np.bool_)
