"""A column of labels, and how it becomes columns of x."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...._lib.wording import listing, shown
from ..notes import Notes
from ..stored_entries import read_entry
from .cells import find_labels
from .stored import read_flag

__all__ = ["Categorical"]

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d*)?", re.ASCII)  # that a float holds exactly enough


@dataclass(frozen=True)
class Categorical:
    """A column of labels, one-hot encoded.

    A missing label has a code of its own where training rows lack one too; an unknown label has
    that of rare ones, where there were any. All others are zeros.

    Attributes
    ----------
    name : str
    categories : tuple of str or None
        None stands for a missing label.
    other : bool
        Whether a last feature stands for all other labels, which were rare in training.
    """

    name: str
    categories: tuple[str | None, ...]
    other: bool = False

    needs_text = True

    @property
    def features(self) -> tuple[str, ...]:
        """One name a category."""
        labels = ["(missing)" if label is None else label for label in self.categories]
        return tuple(f"{self.name}={label}" for label in labels + ["(other)"] * self.other)

    def encode(
        self,
        values: ArrayLike,
        out: NDArray[np.float32],
        notes: Notes,
        place: Callable[[int], str],
    ) -> None:
        """Write a column of m values into ``out``, shape (m, number of features)."""
        labels = find_labels(values)
        index = self._index()
        positions = [self._position(label, index) for label in labels.texts]
        columns = np.array(positions, dtype=np.intp)[labels.codes]
        known = np.flatnonzero(columns >= 0)
        out[:] = 0.0
        out[known, columns[known]] = 1.0
        self._tell(labels.counts(), index, notes)

    def _index(self) -> dict[str | None, int]:
        """The position of each category, by its name and the same number or truth value."""
        index: dict[str | None, int] = {}
        for position, label in enumerate(self.categories):
            index.setdefault(None if label is None else _plain(label), position)
        return index | {label: position for position, label in enumerate(self.categories)}

    def _position(self, label: str | None, index: dict[str | None, int]) -> int:
        """The feature of a label, -1 if it has none."""
        if label is None:
            return index.get(None, -1)
        found = index.get(label, index.get(_plain(label)))
        if found is None:
            return len(self.categories) if self.other else -1
        return found

    def _tell(
        self, counts: dict[str | None, int], index: dict[str | None, int], notes: Notes
    ) -> None:
        n_missing = counts.pop(None, 0)
        if n_missing:
            kept = "kept as a category of their own" if None in index else "encoded as all zeros"
            shared = f"have missing values, {kept}"
            notes.add_number(self.name, n_missing, "missing value", kept, shared)
        if self.other:
            return
        unseen = {label for label in counts if self._position(label, index) < 0}
        if unseen:
            finding = "categories not seen in training, encoded as all zeros"
            notes.add_items(
                self.name, (label for label in unseen if label), f"has {finding}", f"have {finding}"
            )
        notes.count_known(
            self.name,
            known=sum(number for label, number in counts.items() if label not in unseen),
            unknown=sum(number for label, number in counts.items() if label in unseen),
            expected=listing(label for label in self.categories if label is not None),
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "kind": "categorical",
            "name": self.name,
            "categories": list(self.categories),
            "other": self.other,
        }

    @classmethod
    def from_dict(cls, name: str, data: object, where: str) -> Categorical:
        """Read what `to_dict` wrote; in the first schema version no labels were pooled."""
        categories = read_entry(data, "categories", list, where)
        if not all(category is None or isinstance(category, str) for category in categories):
            raise ValueError(
                f"{where}: 'categories' are {shown(categories)}, expected text or null"
            )
        return cls(name, tuple(categories), read_flag(data, "other", where, default=False))


def _plain(label: str) -> str:
    """A label that the same number or truth value has in any file: 02 and 2.0 are 2."""
    if _NUMBER.fullmatch(label):
        return f"{float(label):.15g}"
    return label.capitalize() if label.lower() in ("true", "false") else label
