"""Numbers by mean and standard deviation, as models of the first schema version have them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..notes import Notes
from ..stored_entries import read_standard
from .number_spelling import PLAIN
from .numeric import read_numbers

__all__ = ["Standardized"]


@dataclass(frozen=True)
class Standardized:
    """A column of numbers: (value - mean) / scale, the mean standing in for a missing one."""

    name: str
    mean: float
    scale: float

    needs_text = False

    @property
    def features(self) -> tuple[str, ...]:
        """The name of its one feature."""
        return (self.name,)

    def encode(
        self,
        values: ArrayLike,
        out: NDArray[np.float32],
        notes: Notes,
        place: Callable[[int], str],
    ) -> None:
        """Write a column of m values into ``out``, shape (m, 1)."""
        numbers = read_numbers(self.name, values, PLAIN, (), place)
        missing = np.isnan(numbers)
        numbers[missing] = self.mean
        with np.errstate(over="ignore"):
            out[:, 0] = (numbers - self.mean) / self.scale
        infinite = np.flatnonzero(~np.isfinite(out[:, 0]))
        if infinite.size:
            raise ValueError(
                f"column {self.name!r}, {place(int(infinite[0]))}: {numbers[infinite[0]]:g} is too "
                f"far from the training mean {self.mean:g} for float32"
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

    @classmethod
    def from_dict(cls, name: str, data: object, where: str) -> Standardized:
        """Read what `to_dict` wrote."""
        return cls(name, *read_standard(data, "mean", "scale", where))
