"""A column to predict: the task, classes or labels that are seen from it."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._lib.wording import count, shown
from .cell_parsing import as_text, parse_number
from .columns.date_spelling import find_date_spelling
from .columns.number_spelling import PLAIN, find_spelling
from .table import Table
from .target_encoders import (
    ClassTarget,
    Labels,
    LabelSets,
    Target,
    Task,
    labels_in,
    target_numbers,
)
from .truth import truth_of

__all__ = ["TargetColumn", "merged_truths"]

_MOST_CLASSES = 20  # that are taken for classes without being told
_FEWEST_ROWS_PER_CLASS = 3
_SURELY_FEW, _FEWEST_OF_EACH = 10, 5  # integers; of more, rare ones speak of counts or amounts
_FAR = 100  # interquartile ranges from the median
_MOST_FAR = 3  # numbers that are told as outliers; more of them are a long tail
_EXACT = 2**53  # floats below it hold every whole number
_SEPARATORS = "|;,"
_ZERO_FIRST = re.compile(r"0\d+")  # a code, such as a postal one
_TRUTH_FAMILIES = ({"true", "t", "1", "false", "f", "0"}, {"yes", "y", "no", "n"})


class TargetColumn:
    """A column to predict, in the rows that have a target.

    Attributes
    ----------
    numbers : array, shape (m,), float64
        NaN where it holds a word.
    spelling : NumberSpelling
        Of the numbers in text.
    """

    def __init__(
        self,
        table: Table,
        name: str,
        rows: NDArray[np.int64],
        is_text: bool,
        decimal: str | None,
    ) -> None:
        self.table, self.name, self.rows, self.is_text = table, name, rows, is_text
        self.values: NDArray[Any] = table[name][rows]
        self.spelling, self._other, self.is_code = PLAIN, None, False
        if self.values.dtype.kind == "M":
            self._refuse_dates()
        self.from_text = self.values.dtype == np.object_
        self.different = Counter(self.values.tolist())
        if self.from_text:
            if any(_ZERO_FIRST.fullmatch(text) for text in self.different):
                self.is_code = True
            self.spelling, self._other = find_spelling(self.different, decimal)
        self.numbers = target_numbers(self.values, self.spelling)
        if not self.from_text:
            self._refuse_infinities()

    @property
    def are_numbers(self) -> bool:
        """Whether all are, and none is taken for text."""
        return not (self.is_text or self.is_code or np.isnan(self.numbers).any())

    @property
    def place_of(self) -> Any:
        """Where a row is found by people."""
        return lambda row: self.table.place(int(self.rows[row]))

    def infer_task(self, told: list[str]) -> Task:
        """See the task, and tell of it where it is not plain."""
        n = len(self.different)
        if not self.are_numbers:
            self._check_words(told)
            return "classification"
        few = _are_few(self.different.values())
        whole = bool((self.numbers == np.floor(self.numbers)).all())
        gaps = len(self.values) < len(self.table[self.name])
        integers = whole and (self.values.dtype.kind in "iuO" or gaps)
        if not integers and n != 2:
            if few and whole and n > 1:
                told.append(self._treated("whole numbers", "numbers", "classification"))
            return "regression"
        if n == 2 or few:
            told.append(
                self._treated("integers" if integers else "numbers", "labels", "regression")
            )
            return "classification"
        told.append(self._treated("integers", "numbers", "classification"))
        return "regression"

    def check_numbers(self, told: list[str]) -> None:
        """Raise unless all are finite numbers, and tell how they are written if not plainly."""
        words = np.isnan(self.numbers)
        if words.any():
            self._refuse_words(words)
        self._refuse_infinities()
        if self.values.dtype.kind == "m":
            told.append(f"target {self.name!r} holds durations, which count in seconds")
        for row, text in enumerate(self.values.tolist() if self.from_text else ()):
            if parse_number(text) is None:
                told.append(self._written(text, self.numbers[row]))
                break

    def tell_far(self, told: list[str]) -> None:
        """Tell of a few numbers that are far from all others."""
        low, middle, high = np.quantile(self.numbers, (0.25, 0.5, 0.75))
        with np.errstate(over="ignore"):
            distance = np.abs(self.numbers - middle)
            (far,) = np.nonzero(distance > _FAR * (high - low))
        if high > low and 0 < len(far) <= _MOST_FAR:
            row = int(far[np.argmax(distance[far])])
            others = f" (and {len(far) - 1} more)" if len(far) > 1 else ""
            mark = f"{self.numbers[row]:.10g}"
            told.append(
                f"target {self.name!r} is {mark} in {self.place_of(row)}{others}, far from all "
                f"others, half of which are within {low:.6g} and {high:.6g}; if it marks a missing "
                f"value, use missing=[{mark!r}] or --missing={mark}"
            )

    def class_target(self) -> ClassTarget:
        """Its classes, in order."""
        return ClassTarget(self.name, self.labels())

    def labels(self) -> Labels:
        """The different labels, in order."""
        found: tuple[Any, ...]
        if self.from_text:
            found = tuple(sorted(merged_truths(self.different)))
        elif self.values.dtype.kind == "m":
            raise ValueError(
                f"target {self.name!r} holds durations, expected classes: use task='regression' or "
                "--task regression"
            )
        else:
            values = np.array(sorted(self.different))
            fractions = values[values != np.floor(values)]
            if fractions.size and len(values) > 2:
                raise ValueError(
                    f"target {self.name!r} holds {fractions[0]:g}, but classes are text or whole "
                    "numbers; to predict numbers, use task='regression' or --task regression"
                )
            if values.dtype.kind == "f" and np.abs(values).max() >= _EXACT:
                raise ValueError(
                    f"target {self.name!r} holds {values[np.abs(values).argmax()]:.17g}, too large "
                    "to be told apart as a class: give it as text"
                )
            found = tuple(as_text(values) if fractions.size else map(int, values.tolist()))
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
        if len(labels) < 2:
            raise ValueError(
                f"target {self.name!r} has {count(len(labels), 'label')}, divided by "
                f"{separator!r}: nothing to learn"
            )
        told.append(
            f"target {self.name!r} has {count(len(labels), 'label')}, divided by {separator!r}"
        )
        return LabelSets(self.name, tuple(labels), separator)

    def _treated(self, kind: str, taken: str, other: str) -> str:
        return (
            f"target {self.name!r} has {len(self.different)} different {kind}, treated as {taken}; "
            f"use task={other!r} or --task {other} if they are not"
        )

    def _written(self, text: str, number: float) -> str:
        """How numbers in text are read."""
        told = f"target {self.name!r} holds numbers such as {shown(text)}, read as {number:.10g}"
        if self._other is not None:
            mark = self._other.decimal
            told += f"; use decimal={mark!r} or --decimal {mark} if that is no {number:.10g}"
        return told

    def _check_words(self, told: list[str]) -> None:
        """Raise where words stand among numbers, or there are too many to be classes."""
        n, rows = len(self.different), len(self.values)
        words = np.isnan(self.numbers)
        if 2 * words.sum() < rows and not (self.is_text or self.is_code):
            if not self._are_classes(self.numbers[~words]):
                self._refuse_words(words)
            self._tell_words(words, told)
        if self.is_text or n <= min(_MOST_CLASSES, rows // 2):
            return
        if n > _MOST_CLASSES and words.all():
            texts = [*self.different]
            dates, _ = find_date_spelling(texts)
            if not dates.read(texts)[1].any():
                self._refuse_dates()
        if n > _MOST_CLASSES and 2 * n > rows:
            raise ValueError(
                f"target {self.name!r} has {n} different texts in {rows} rows, too many to learn "
                "as classes: name another target, or insist by task='classification' or --task "
                "classification"
            )
        if n > _MOST_CLASSES:
            told.append(f"target {self.name!r} has {n} different texts, each of them a class")

    @staticmethod
    def _are_classes(numbers: NDArray[np.float64]) -> bool:
        """Whether numbers would be taken for classes."""
        counts = np.unique(numbers, return_counts=True)[1].tolist()
        whole = bool((numbers == np.floor(numbers)).all())
        return len(counts) == 2 or (whole and _are_few(counts))

    def _tell_words(self, words: NDArray[np.bool_], told: list[str]) -> None:
        first = self.values[words][0]
        are = "is a class" if len(set(self.values[words].tolist())) == 1 else "are classes"
        told.append(
            f"target {self.name!r} holds numbers and, in {count(int(words.sum()), 'row')}, text "
            f"such as {shown(first)}, which {are} too; use missing=[{first!r}] or "
            f"--missing={shlex.quote(first)} if it marks a missing value"
        )

    def _refuse_infinities(self) -> None:
        infinite = np.flatnonzero(np.isinf(self.numbers))
        if infinite.size:
            mark = f"{self.numbers[infinite[0]]}"
            raise ValueError(
                f"column {self.name!r}, {self.place_of(infinite[0])}: "
                f"{self.numbers[infinite[0]]} is not a finite number; use missing=['{mark}'] or "
                f"--missing={mark} if it marks a missing value"
            )

    def _refuse_dates(self) -> None:
        raise ValueError(
            f"target {self.name!r} holds dates or times, expected classes or numbers: add a column "
            "with what is to be predicted of them, such as days or seconds"
        )

    def _refuse_words(self, words: NDArray[np.bool_]) -> None:
        row = int(np.flatnonzero(words)[0])
        first, n_numbers = self.values[row], int((~words).sum())
        at = f"column {self.name!r}, {self.place_of(row)}: {shown(first)} is not a number"
        insist = "task='classification' or --task classification"
        if not n_numbers:
            raise ValueError(f"{at}, and neither is any other target: use {insist}")
        n_others = len(set(self.values[words].tolist())) - 1
        others = f" (nor {'is' if n_others == 1 else 'are'} {count(n_others, 'other text')})"
        raise ValueError(
            f"{at}{others if n_others else ''}, but {n_numbers} of {len(words)} targets are; use "
            f"missing=[{first!r}] or --missing={shlex.quote(first)} if it marks a missing value, "
            f"{insist} if the targets are labels"
        )


def _are_few(counts: Collection[int]) -> bool:
    """Whether different whole numbers, of which there are so many each, may well be classes."""
    n = len(counts)
    if n > min(_MOST_CLASSES, sum(counts) // _FEWEST_ROWS_PER_CLASS):
        return False
    return n <= _SURELY_FEW or min(counts) >= _FEWEST_OF_EACH


def merged_truths(found: Counter[Any]) -> set[Any]:
    """Different values, of which spellings of one truth value count as the most frequent."""
    for family in _TRUTH_FAMILIES:
        truths = {
            label: truth_of(label) if str(label).casefold() in family else None for label in found
        }
        if len(found) > 2 and set(truths.values()) == {True, False}:
            return {
                max((one for one in found if truths[one] is truth), key=found.__getitem__)
                for truth in (False, True)
            }
    return set(found)
