"""What is seen from the column to predict: the task, the classes or the scale."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .moments import moments

__all__ = ["Task", "find_classes", "infer_task", "target_moments"]

Task: TypeAlias = Literal["classification", "regression"]

_MOST_CLASSES = 20  # that integers are taken for without being told
_FEWEST_ROWS_PER_CLASS = 3


def infer_task(
    target: str, labels: NDArray[Any], present: NDArray[np.bool_]
) -> tuple[Task, list[str]]:
    """See the task, and what to tell of it where it is not plain."""
    values = labels[present]
    if values.dtype == np.object_:
        return "classification", []
    gaps_made_floats = not present.all() and bool((values == np.floor(values)).all())
    if values.dtype.kind == "f" and not gaps_made_floats:
        return "regression", []
    n_distinct = len(np.unique(values))
    few = n_distinct <= min(_MOST_CLASSES, len(values) // _FEWEST_ROWS_PER_CLASS)
    task: Task = "classification" if few else "regression"
    taken, other = ("labels", "regression") if few else ("numbers", "classification")
    return task, [
        f"target {target!r} has {n_distinct} different integers, treated as {taken}; use "
        f"task={other!r} or --task {other} if they are not"
    ]


def find_classes(target: str, labels: NDArray[Any]) -> tuple[str, ...] | tuple[int, ...]:
    """Put the different labels in order."""
    if labels.dtype == np.object_:
        classes: tuple[Any, ...] = tuple(sorted(set(labels.tolist())))
    else:
        values = np.unique(labels)
        fractions = values[values != np.floor(values)]
        if fractions.size:
            raise ValueError(
                f"target {target!r} holds {fractions[0]:g}, but classes are text or whole numbers; "
                "to predict numbers, use task='regression' or --task regression"
            )
        classes = tuple(int(value) for value in values)
    if len(classes) < 2:
        raise ValueError(f"target {target!r} is {classes[0]!r} in every row: nothing to learn")
    return classes


def target_moments(target: str, numbers: NDArray[Any]) -> tuple[float, float]:
    """Mean and standard deviation of a target that varies."""
    mean, scale = moments(target, numbers)
    if not scale:
        raise ValueError(
            f"target {target!r} is {mean:.12g} in every training row: nothing to learn"
        )
    return mean, scale
