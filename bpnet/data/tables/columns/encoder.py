"""How one column of a table becomes columns of x."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...._lib.wording import shown
from ..cell_parsing import as_numbers, as_text
from ..notes import Notes
from ..stored_entries import read_entry, read_standard

__all__ = ["Categorical", "Column", "Numeric", "read_column"]


@dataclass(frozen=True)
class Numeric:
    """A column of numbers: (value - mean) / scale, the mean standing in for a missing one."""

    name: str
    mean: float
    scale: float

    @property
    def features(self) -> tuple[str, ...]:
        """The name of its one feature."""
        return (self.name,)

    def encode(
        self, values: ArrayLike, out: NDArray[np.float32], notes: Notes, first_row: int = 1
    ) -> None:
        """Write a column of m values into ``out``, shape (m, 1)."""
        numbers = as_numbers(self.name, values, first_row)
        missing = np.isnan(numbers)
        numbers[missing] = self.mean
        with np.errstate(over="ignore"):
            standard = (numbers - self.mean) / self.scale
            out[:, 0] = standard
        infinite = np.flatnonzero(~np.isfinite(out[:, 0]))
        if infinite.size:
            raise ValueError(
                f"column {self.name!r}: {numbers[infinite[0]]:g} is too far from the training "
                f"mean {self.mean:g} for float32"
            )
        if missing.any():
            notes.add_number(
                self.name,
                int(missing.sum()),
                "missing value",
                f"filled with the training mean {self.mean:.6g}",
                "have missing values, filled with the training means",
            )

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"kind": "numeric", "name": self.name, "mean": self.mean, "scale": self.scale}


@dataclass(frozen=True)
class Categorical:
    """A column of labels, one-hot encoded; the category None stands for a missing label."""

    name: str
    categories: tuple[str | None, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """One name a category."""
        return tuple(
            f"{self.name}={'(missing)' if category is None else category}"
            for category in self.categories
        )

    def encode(
        self, values: ArrayLike, out: NDArray[np.float32], notes: Notes, first_row: int = 1
    ) -> None:
        """Write a column of m values into ``out``, shape (m, number of categories)."""
        labels = as_text(values).tolist()
        index = {category: i for i, category in enumerate(self.categories)}
        codes = np.array([index.get(label, -1) for label in labels], dtype=np.int64)
        known = np.flatnonzero(codes >= 0)
        out[:] = 0.0
        out[known, codes[known]] = 1.0
        n_missing = labels.count(None)
        if n_missing:
            kept = "kept as a category of their own" if None in index else "encoded as all zeros"
            notes.add_number(
                self.name,
                n_missing,
                "missing value",
                kept,
                f"have missing values, {kept}",
            )
        unseen = {label for label in labels if label is not None and label not in index}
        if unseen:
            notes.add_items(
                self.name,
                unseen,
                "has categories not seen in training, encoded as all zeros",
                "have categories not seen in training, encoded as all zeros",
            )

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"kind": "categorical", "name": self.name, "categories": list(self.categories)}


Column: TypeAlias = Numeric | Categorical


def read_column(data: object, where: str) -> Column:
    """The column that a ``to_dict`` wrote, with everything about it checked."""
    kind, name = read_entry(data, "kind", str, where), read_entry(data, "name", str, where)
    where = f"{where} ({shown(name)})"
    if kind == "numeric":
        return Numeric(name, *read_standard(data, "mean", "scale", where))
    if kind == "categorical":
        categories = read_entry(data, "categories", list, where)
        if not all(category is None or isinstance(category, str) for category in categories):
            raise ValueError(
                f"{where}: 'categories' are {shown(categories)}, expected text or null"
            )
        return Categorical(name, tuple(categories))
    raise ValueError(f"{where}: 'kind' is {shown(kind)}, expected 'numeric' or 'categorical'")
