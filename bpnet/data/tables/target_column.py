"""What is seen from the columns to predict: the task, and the classes, labels or scales."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._lib.wording import count, listing, shown
from .cell_parsing import as_numbers, as_text, is_missing, parse_number
from .moments import moments
from .table import Table
from .target_encoders import (
    ClassTarget,
    LabelColumns,
    Labels,
    LabelSets,
    NumberTargets,
    Target,
    Task,
    labels_in,
)

__all__ = ["find_goal", "rows_with_targets", "standardized"]

_MOST_CLASSES = 20  # that are taken for classes without being told
_FEWEST_ROWS_PER_CLASS = 3
_SEPARATORS = "|;,"
_TRUTH_FAMILIES = (
    {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False},
    {"yes": True, "y": True, "no": False, "n": False},
)


def rows_with_targets(table: Table, names: Sequence[str]) -> NDArray[np.int64]:
    """The rows in which no target is missing."""
    missing = np.zeros(len(table[names[0]]), dtype=np.bool_)
    for name in names:
        missing |= is_missing(table[name])
    return np.flatnonzero(~missing)


def find_goal(
    table: Table,
    names: Sequence[str],
    task: Task | None,
    rows: NDArray[np.int64],
    told: list[str],
    text: Collection[str] = (),
) -> Target:
    """See what is to be predicted; numbers are not standardized yet.

    Parameters
    ----------
    table : Table
    names : sequence of str
        The target columns.
    task : str or None
        None to see it from the columns.
    rows : array, shape (m,), int64
        Those in which no target is missing.
    told : list of str
        What the user should know is added to it.
    text : sequence of str, optional
        Columns of labels, even if they look like numbers.

    Raises
    ------
    ValueError
        If the targets do not suit the task, or are no targets.
    """
    if len(names) > 1:
        return _several(table, names, task, rows, told, text)
    column = _TargetColumn(table, names[0], rows, names[0] in text)
    if task == "multilabel":
        return column.label_sets(told)
    if task is None:
        task = column.infer_task(told)
    if task == "regression":
        column.check_numbers()
        return NumberTargets((column.name,), (0.0,), (1.0,))
    return ClassTarget(column.name, column.classes(told))


def standardized(
    goal: NumberTargets, table: Table, rows: NDArray[np.int64], told: list[str]
) -> NumberTargets:
    """The same with the means and scales of these rows."""
    found = []
    for name in goal.names:
        mean, scale = moments(name, as_numbers(name, table[name][rows]))
        if not scale:
            raise ValueError(
                f"target {name!r} is {mean:.12g} in every training row: nothing to learn"
            )
        told.append(
            f"target {name!r} is standardized (mean {mean:.6g}, standard deviation {scale:.6g}); "
            "costs are in these units"
        )
        found.append((mean, scale))
    means, scales = zip(*found, strict=True)
    return NumberTargets(goal.names, means, scales)


class _TargetColumn:
    """A column to predict, in the rows that have a target."""

    def __init__(self, table: Table, name: str, rows: NDArray[np.int64], is_text: bool) -> None:
        self.table, self.name, self.rows, self.is_text = table, name, rows, is_text
        self.values: NDArray[Any] = table[name][rows]
        self.gaps = len(rows) < len(table[name])
        if self.values.dtype.kind in "mM":
            raise ValueError(
                f"target {name!r} holds {'dates' if self.values.dtype.kind == 'M' else 'durations'}"
                ", expected classes or numbers"
            )
        self.different = Counter(self.values.tolist())

    @property
    def is_words(self) -> bool:
        return self.values.dtype == np.object_

    def infer_task(self, told: list[str]) -> Task:
        """See the task, and tell of it where it is not plain."""
        n = len(self.different)
        if self.is_words:
            self._check_words(told)
            return "classification"
        few = n <= min(_MOST_CLASSES, len(self.values) // _FEWEST_ROWS_PER_CLASS)
        whole = bool((self.values == np.floor(self.values)).all())
        integers = self.values.dtype.kind in "iu" or (self.gaps and whole)
        if not integers and n != 2:
            if few and whole and n > 1:
                told.append(self._treated(n, "whole numbers", "numbers", "classification"))
            return "regression"
        if n == 2 or few:
            kind = "integers" if integers else "numbers"
            told.append(self._treated(n, kind, "labels", "regression"))
            return "classification"
        told.append(self._treated(n, "integers", "numbers", "classification"))
        return "regression"

    def check_numbers(self) -> None:
        """Raise unless all are finite numbers."""
        if not self.is_words:
            as_numbers(self.name, self.table[self.name])
            return
        numbers = [parse_number(text) for text in self.values.tolist()]
        if None not in numbers:
            return
        words = {
            text: row
            for row, (text, number) in reversed(
                [*enumerate(zip(self.values.tolist(), numbers, strict=True))]
            )
            if number is None
        }
        self._refuse_words(words, len(self.values) - numbers.count(None))

    def classes(self, told: list[str]) -> Labels:
        """The different labels, in order."""
        found: tuple[Any, ...]
        if self.is_words:
            found = tuple(sorted(_merged_truths(self.different)))
        else:
            values = np.array(sorted(self.different))
            fractions = values[values != np.floor(values)]
            if fractions.size and len(values) > 2:
                raise ValueError(
                    f"target {self.name!r} holds {fractions[0]:g}, but classes are text or whole "
                    "numbers; to predict numbers, use task='regression' or --task regression"
                )
            labels = as_text(values) if fractions.size else values.astype(np.int64)
            found = tuple(labels.tolist())
        if len(found) < 2:
            raise ValueError(f"target {self.name!r} is {found[0]!r} in every row: nothing to learn")
        return found

    def label_sets(self, told: list[str]) -> Target:
        """Several labels a cell."""
        texts = [str(value) for value in self.values.tolist()]
        separator = next((mark for mark in _SEPARATORS if any(mark in one for one in texts)), None)
        if separator is None:
            raise ValueError(
                f"target {self.name!r} has no cell with several labels, divided by '|', ';' or "
                "',': use task='classification' or --task classification"
            )
        labels = sorted({label for one in texts for label in labels_in(one, separator)})
        told.append(
            f"target {self.name!r} has {count(len(labels), 'label')}, divided by {separator!r}"
        )
        return LabelSets(self.name, tuple(labels), separator)

    def _treated(self, n: int, kind: str, taken: str, other: str) -> str:
        return (
            f"target {self.name!r} has {n} different {kind}, treated as {taken}; use "
            f"task={other!r} or --task {other} if they are not"
        )

    def _check_words(self, told: list[str]) -> None:
        """Raise where words stand among numbers, or there are too many to be classes."""
        words = {text: -1 for text in self.different if parse_number(text) is None}
        n_words = sum(self.different[text] for text in words)
        n, rows = len(self.different), len(self.values)
        if n <= min(_MOST_CLASSES, rows // 2) or self.is_text:
            return
        if 0 < 2 * n_words < rows:
            for row in range(rows - 1, -1, -1):
                if self.values[row] in words:
                    words[self.values[row]] = row
            self._refuse_words(words, rows - n_words)
        if n > _MOST_CLASSES and 2 * n > rows:
            raise ValueError(
                f"target {self.name!r} has {n} different texts in {rows} rows, too many to learn "
                "as classes; name another target, or insist by task='classification' or --task "
                "classification"
            )
        if n > _MOST_CLASSES:
            told.append(f"target {self.name!r} has {n} different texts, each of them a class")

    def _refuse_words(self, words: dict[str, int], n_numbers: int) -> None:
        """Raise for texts, by the first row of each, among numbers."""
        first = min(words, key=words.__getitem__)
        place = self.table.place(int(self.rows[words[first]]))
        others = f" (nor {count(len(words) - 1, 'other text')})" if len(words) > 1 else ""
        raise ValueError(
            f"column {self.name!r}, {place}: {shown(first)} is not a number{others}, but "
            f"{n_numbers} of {len(self.values)} targets are; use missing=[{first!r}] or --missing "
            f"{first!r} if it marks a missing value, task='classification' or --task "
            "classification if the targets are labels"
        )


def _several(
    table: Table,
    names: Sequence[str],
    task: Task | None,
    rows: NDArray[np.int64],
    told: list[str],
    text: Collection[str],
) -> Target:
    """Several columns: all numbers, or all of two values."""
    columns = [_TargetColumn(table, name, rows, name in text) for name in names]
    if task == "classification":
        raise ValueError(
            f"{len(names)} targets, {listing(names)}, are no single classes: use "
            "task='multilabel' or 'regression', or name one"
        )
    for column in columns:
        if len(column.different) < 2:
            raise ValueError(
                f"target {column.name!r} is {column.values[0]!r} in every row: nothing to learn"
            )
    two_valued = [len(_merged_truths(one.different)) == 2 for one in columns]
    labels = [
        two and (one.is_words or set(one.different) == {0, 1})
        for one, two in zip(columns, two_valued, strict=True)
    ]
    if task is None:
        numeric = [not one.is_words for one in columns]
        if all(labels):
            task = "multilabel"
            if all(numeric):
                told.append(
                    f"targets {listing(names)} hold 0 and 1, treated as labels; use "
                    "task='regression' or --task regression if they are not"
                )
        elif all(numeric):
            task = "regression"
        else:
            words = [name for name, number in zip(names, numeric, strict=True) if not number]
            others = [name for name, label in zip(names, labels, strict=True) if not label]
            raise ValueError(
                f"several targets are all numbers, or all of two values: {listing(words)} "
                f"{'is' if len(words) == 1 else 'are'} text, {listing(others)} "
                f"{'has' if len(others) == 1 else 'have'} more than two values; train a network "
                "for each"
            )
    if task == "regression":
        for column in columns:
            column.check_numbers()
        return NumberTargets(tuple(names), (0.0,) * len(names), (1.0,) * len(names))
    for column, two in zip(columns, two_valued, strict=True):
        if not two:
            raise ValueError(
                f"target {column.name!r} has {len(column.different)} different values, expected "
                "two: several targets are labels only if each has two"
            )
    return LabelColumns(tuple(names), tuple(column.classes(told) for column in columns))


def _merged_truths(found: Counter[Any]) -> set[Any]:
    """Different values, of which spellings of one truth value count as the most frequent."""
    for family in _TRUTH_FAMILIES:
        truths = {label: family.get(str(label).casefold()) for label in found}
        if len(found) > 2 and set(truths.values()) == {True, False}:
            return {
                max((one for one in found if truths[one] is truth), key=found.__getitem__)
                for truth in (False, True)
            }
    return set(found)
