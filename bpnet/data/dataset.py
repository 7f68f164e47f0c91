"""What every loader of this package returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .._lib.wording import shown
from .tables.columns.decision import Decision
from .tables.preprocessing import Preprocessing

__all__ = ["Dataset"]

Weights: TypeAlias = NDArray[np.float32]
Pair: TypeAlias = tuple[NDArray[np.float32], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples with their targets, split in three.

    Attributes
    ----------
    train, validation, test : pair (x, y) of arrays, or None where there are no samples
        ``x`` has shape (m, n_0), float32, C-contiguous, one sample a row. ``y`` has shape (m,),
        int64, indices into ``classes``, in classification, and shape (m, k), float32, in
        regression and, zeros and ones, where there are several labels at once.
    task : {"classification", "multilabel", "regression"}
    classes : tuple of str or int, or None
        The label of each class index, or of each column of ``y`` if there are several labels at
        once; None in regression.
    features : tuple of str
        One name a column of ``x``, so after preprocessing.
    targets : tuple of str
        The columns that are predicted.
    preprocessing : Preprocessing or None
        How ``x`` and ``y`` came from the columns of a table; None where they are plain pixels.
    weights : triple of arrays, or None
        The weight of each sample, shape (m,), float32, in training, validation and test, None where
        there are no samples; None where all weigh the same.
    decisions : tuple of Decision
        What each column of a table was taken for.
    notes : tuple of str
        Sentences to show the user: what was dropped, filled in or left out.

    Examples
    --------
    >>> from bpnet.data import load_digits
    >>> digits = load_digits()
    >>> x, y = digits.train
    >>> x.shape, y.shape, digits.classes
    ((1258, 64), (1258,), (0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
    """

    train: Pair
    validation: Pair | None
    test: Pair | None
    task: Literal["classification", "multilabel", "regression"]
    classes: tuple[str, ...] | tuple[int, ...] | None
    features: tuple[str, ...]
    targets: tuple[str, ...]
    preprocessing: Preprocessing | None = None
    weights: tuple[Weights | None, Weights | None, Weights | None] | None = None
    decisions: tuple[Decision, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        shapes = [f"{name}={None if one is None else one[0].shape}" for name, one in parts.items()]
        classes = None if self.classes is None else len(self.classes)
        return (
            f"Dataset({', '.join(shapes)}, task={self.task!r}, classes={classes}, "
            f"targets={shown(self.targets)})"
        )

    @property
    def target(self) -> str:
        """The column that is predicted; of several the names in one."""
        return ", ".join(self.targets)
