"""A column of truth values, however they are written, and how it becomes columns of x."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..notes import Notes
from ..truth import TRUE_AND_FALSE
from .cells import find_labels
from .stored import read_flag

__all__ = ["Boolean", "are_truth_values"]

_PAIRS = (*TRUE_AND_FALSE, ("1.0", "0.0"))
_VALUES = {text: value for pair in _PAIRS for text, value in zip(pair, (1.0, -1.0), strict=True)}


def are_truth_values(texts: Collection[str]) -> bool:
    """Whether these are true and false, written in one way or in several.

    >>> are_truth_values(["TRUE", "False"]), are_truth_values(["Y", "N", "unknown"])
    (True, False)
    """
    if len(texts) > 100:  # more than there are spellings
        return False
    words = {text.lower() for text in texts}
    return words <= _VALUES.keys() and any(words.issuperset(pair) for pair in _PAIRS)


@dataclass(frozen=True)
class Boolean:
    """A column of truth values: 1 for true, -1 for false, 0 where it is missing or neither.

    Attributes
    ----------
    name : str
    missing : bool
        Whether a second feature is 1 where the value is missing, and 0 elsewhere.
    """

    name: str
    missing: bool = False

    needs_text = False

    @property
    def features(self) -> tuple[str, ...]:
        """Its name, and one for missing values."""
        return (self.name, f"{self.name}=(missing)") if self.missing else (self.name,)

    def encode(
        self,
        values: ArrayLike,
        out: NDArray[np.float32],
        notes: Notes,
        place: Callable[[int], str],
    ) -> None:
        """Write a column of m values into ``out``, shape (m, number of features)."""
        labels = find_labels(values)
        signs = [0.0 if text is None else _VALUES.get(text.lower(), 0.0) for text in labels.texts]
        gaps = np.array([text is None for text in labels.texts], dtype=np.bool_)
        out[:, 0] = np.array(signs)[labels.codes]
        if self.missing:
            out[:, 1] = gaps[labels.codes]
        counts = labels.counts()
        n_missing = counts.pop(None, 0)
        if n_missing:
            finding = "encoded between true and false"
            shared = f"have missing values, {finding}"
            notes.add_number(self.name, n_missing, "missing value", finding, shared)
        unknown = [text for text in counts if text is not None and text.lower() not in _VALUES]
        if unknown:
            finding = "values that are neither true nor false, encoded between the two"
            notes.add_items(self.name, unknown, f"has {finding}", f"have {finding}")
        n_unknown = sum(counts[text] for text in unknown)
        notes.count_known(
            self.name,
            known=sum(counts.values()) - n_unknown,
            unknown=n_unknown,
            expected="true or false, yes or no, 1 or 0",
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"kind": "boolean", "name": self.name, "missing": self.missing}

    @classmethod
    def from_dict(cls, name: str, data: object, where: str) -> Boolean:
        """Read what `to_dict` wrote."""
        return cls(name, read_flag(data, "missing", where))
