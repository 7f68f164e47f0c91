"""What every loader of this package returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .tables.preprocessing import Preprocessing

__all__ = ["Dataset"]

Pair: TypeAlias = tuple[NDArray[np.float32], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples with their targets, split in three.

    Attributes
    ----------
    train, validation, test : pair (x, y) of arrays, or None where there are no samples
        ``x`` has shape (m, n_0), float32, C-contiguous, one sample a row. ``y`` has shape (m,),
        int64, indices into ``classes``, in classification, and shape (m, k), float32, in
        regression.
    task : {"classification", "regression"}
    classes : tuple of str or int, or None
        The label of each class index; None in regression.
    features : tuple of str
        One name a column of ``x``, so after preprocessing.
    target : str
    preprocessing : Preprocessing or None
        How ``x`` and ``y`` came from the columns of a table; None where they are plain pixels.
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
    task: Literal["classification", "regression"]
    classes: tuple[str, ...] | tuple[int, ...] | None
    features: tuple[str, ...]
    target: str
    preprocessing: Preprocessing | None = None
    notes: tuple[str, ...] = ()
