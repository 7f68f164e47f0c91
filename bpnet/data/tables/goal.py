"""What is to be predicted, as seen from the target columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from ..._lib.wording import listing
from .cell_parsing import is_missing
from .columns.number_spelling import NumberSpelling
from .moments import moments
from .table import Table
from .target_column import TargetColumn, merged_truths
from .target_encoders import LabelColumns, NumberTargets, Target, Task, target_numbers

__all__ = ["find_goal", "rows_with_targets", "standardized"]


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
    decimal: str | None = None,
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
    text : collection of str, optional
        Columns of labels, even if they look like numbers.
    decimal : {".", ","}, optional
        The decimal mark of numbers in text; seen from each column if not given.

    Raises
    ------
    ValueError
        If the targets do not suit the task, or are no targets.
    """
    columns = [TargetColumn(table, name, rows, name in text, decimal) for name in names]
    if len(columns) > 1:
        return _several(columns, task, told)
    (column,) = columns
    if task == "multilabel":
        return column.label_sets(told)
    if task is None:
        task = column.infer_task(told)
    return _numbers(columns, told) if task == "regression" else column.class_target()


def standardized(
    goal: NumberTargets, table: Table, rows: NDArray[np.int64], told: list[str]
) -> NumberTargets:
    """The same with the means and scales of these rows."""
    found = []
    for name, spelling in zip(goal.names, goal.spellings, strict=True):
        mean, scale = moments(name, target_numbers(table[name][rows], spelling))
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
    return NumberTargets(goal.names, means, scales, goal.spellings)


def _numbers(columns: Sequence[TargetColumn], told: list[str]) -> NumberTargets:
    for column in columns:
        column.check_numbers(told)
        column.tell_far(told)
    spellings: tuple[NumberSpelling, ...] = tuple(column.spelling for column in columns)
    n = len(columns)
    return NumberTargets(tuple(one.name for one in columns), (0.0,) * n, (1.0,) * n, spellings)


def _several(columns: Sequence[TargetColumn], task: Task | None, told: list[str]) -> Target:
    """Several columns: all numbers, or all of two values."""
    names = [column.name for column in columns]
    if task == "classification":
        raise ValueError(
            f"{len(names)} targets, {listing(names)}, are not classes of one kind: name one, or "
            "use task='multilabel' or --task multilabel if each has two values"
        )
    for column in columns:
        if len(column.different) < 2:
            raise ValueError(
                f"target {column.name!r} is {next(iter(column.different))!r} in every row: nothing "
                "to learn"
            )
    two_valued = [len(merged_truths(one.different)) == 2 for one in columns]
    if task is None:
        task = _task_of_several(columns, two_valued, told)
    if task == "regression":
        return _numbers(columns, told)
    for column, two in zip(columns, two_valued, strict=True):
        if not two:
            raise ValueError(
                f"target {column.name!r} has {len(column.different)} different values, expected "
                "two: several targets are labels only if each has two"
            )
    return LabelColumns(tuple(names), tuple(column.labels() for column in columns))


def _task_of_several(
    columns: Sequence[TargetColumn], two_valued: Sequence[bool], told: list[str]
) -> Task:
    words = [column.name for column in columns if not column.are_numbers]
    others = [
        column.name
        for column, two in zip(columns, two_valued, strict=True)
        if not (two and (column.from_text or set(column.different) == {0, 1}))
    ]
    if not words and not others:
        told.append(
            f"targets {listing(column.name for column in columns)} hold 0 and 1, treated as "
            "labels; use task='regression' or --task regression if they are not"
        )
    if not others:
        return "multilabel"
    if not words:
        return "regression"
    raise ValueError(
        f"several targets must all be numbers, or all have two values: {listing(words)} "
        f"{'is' if len(words) == 1 else 'are'} text, {listing(others)} "
        f"{'has' if len(others) == 1 else 'have'} more than two values; train a network for each"
    )
