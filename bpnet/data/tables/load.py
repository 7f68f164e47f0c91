"""A person's own table, made ready for training."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple, TypeAlias, cast, get_args

import numpy as np
from numpy.typing import NDArray

from ..._lib.constraints import Boolean, Each, Integer, Text
from ..._lib.registry import no_such
from ..._lib.wording import count, described, listing
from ..dataset import Dataset
from ..splitting import Split
from .cell_parsing import as_numbers
from .columns.fit import fit_columns
from .columns.options import ColumnOptions
from .copies_of_target import tell_copies
from .goal import find_goal, rows_with_targets, standardized
from .held_out import HeldOut
from .notes import Notes
from .preprocessing import Preprocessing, encode_columns
from .reading.options import ReadOptions
from .reading.source import Source
from .roles import Roles
from .row_split import split_rows
from .sample_weights import read_weights
from .table import Table
from .target_encoders import ClassTarget, NumberTargets, Target, Task

__all__ = ["load_table"]

_FEWEST_ROWS = 10
_PARTS = ("train", "validation", "test")

Data: TypeAlias = Any  # a path, or a frame of whatever library
_Weights: TypeAlias = NDArray[np.float32] | None


def load_table(
    data: Data,
    target: str | Collection[str],
    *,
    task: Task | None = None,
    features: Collection[str] = (),
    drop: Collection[str] = (),
    categorical: Collection[str] = (),
    numeric: Collection[str] = (),
    text: Collection[str] = (),
    validation: Data = 0.1,
    test: Data = 0.1,
    group: str | None = None,
    time: str | None = None,
    weight: str | None = None,
    header: bool | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    day_first: bool | None = None,
    encoding: str | None = None,
    missing: Collection[str | float] = (),
    max_bytes: int | None = None,
    standardize_target: bool = True,
    seed: int = 0,
) -> Dataset:
    r"""Read a table, and prepare it to predict one column, or several, from the others.

    The rows are split by ``seed`` into 80 % to train on, 10 % to validate and 10 % to test, in
    classification so that every class keeps its share; a class with a single row is only trained
    on. Whatever follows is learnt from the training rows alone:

    - Numbers are centred by their median, scaled by their interquartile range and smoothly clipped;
      missing ones are filled with the median.
    - Dates and times become elapsed time and where they are in their cycles; booleans 1 and -1.
    - Everything else is one-hot encoded, rare values pooled; a missing value is a category of its
      own, one that only other rows have is all zeros.
    - Left out are columns that are constant, have no values, have no name, or look like
      identifiers. ``decisions`` of the result say what each column is taken for, and why.
    - In regression the target is standardized too, because networks train badly on anything else:
      costs are in units of its standard deviation, and ``preprocessing.inverse_target`` turns
      predictions back.

    Rows without a target are dropped. All of this is told in the notes of the result.

    Parameters
    ----------
    data : str or path, or frame
        A file or a frame of pandas, polars or Arrow, as `read_table` reads it.
    target : str, or collection of str
        The column to predict. Several are a regression with as many outputs if all hold numbers,
        and labels that may hold at once if each has two values.
    task : {"classification", "multilabel", "regression"}, optional
        Seen from the target if not given. Text and booleans are classes, and so are two values of
        whatever type, and integers with at most 20 different values of which each has, on average,
        three rows or more; all other numbers are a regression. Whole numbers count as integers
        where one is missing, since a file's gap makes floats of them. With "multilabel" a single
        target holds several labels a cell, divided by ``|``, ``;`` or ``,``.
    features, drop : collection of str, optional
        The only columns to predict from, or columns to leave out.
    categorical, numeric : collection of str, optional
        Columns to take for labels, or for numbers, whatever they look like; the target may be
        among them.
    text : collection of str, optional
        Columns to take for labels even if they look like numbers, such as postal codes; the target
        may be among them.
    validation, test : float, or path or frame
        A share of the rows, 0 for none, or a table of its own, which is read like ``data``.
    group : str, optional
        A column of groups, such as patients, of which none is in two parts. It is no feature
        unless ``features`` names it.
    time : str, optional
        A column of dates, times or numbers: the earlier rows are trained on, later ones validate,
        the latest test. Rows of one time stay together. It is no feature unless ``features`` names
        it.
    weight : str, optional
        A column that says how much each row counts, in training and in figures. It is no feature.
    day_first : bool, optional
        Whether 1/2/2021 is the first of February; seen from each column if not given.
    header, delimiter, decimal, encoding, missing, max_bytes
        As for `read_table`. New files are read alike by a network that is trained on the table.
    standardize_target : bool, optional
        Leave it out for counts, which the Poisson cost takes as they are.
    seed : int
        Which rows go to which part.

    Returns
    -------
    Dataset

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If the file is Parquet and pyarrow is not installed.
    ValueError
        If the file is damaged, has no such target, fewer than ten rows with a target, an infinite
        number, or nothing to learn; if a column has two roles, or a group, time or weight is
        missing. The message gives the place and both values.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "pets.csv")
    >>> _ = path.write_text("weight,kind\n" + "4.1,cat\n,cat\n9.5,dog\n5.3,cat\n" * 10)
    >>> pets = load_table(path, "kind")
    >>> pets.task, pets.classes, [len(x) for x, y in (pets.train, pets.validation, pets.test)]
    ('classification', ('cat', 'dog'), [32, 4, 4])
    >>> pets.notes
    ("column 'weight' has 10 missing values, filled with the training median 5.3",)
    >>> folder.cleanup()
    """
    if not isinstance(target, Iterable):
        raise TypeError(f"target must be the name of a column, or several, not {described(target)}")
    targets = (target,) if isinstance(target, str) else tuple(Each(Text())("target", target))
    roles = Roles(
        targets,
        Text(optional=True)("group", group),
        Text(optional=True)("time", time),
        Text(optional=True)("weight", weight),
    )
    Text(optional=True)("task", task)
    if task is not None and task not in get_args(Task):
        raise ValueError(no_such("task", task, get_args(Task)))
    columns = ColumnOptions(drop, features, categorical, numeric, text, decimal, day_first)
    reading = ReadOptions(
        header, delimiter, decimal, encoding, cast(Any, missing), cast(Any, text), max_bytes
    )
    roles.check(columns)
    held_out = HeldOut.of(validation, test)
    held_out.check_split("group", group)
    held_out.check_split("time", time)
    seed = Integer(0)("seed", seed)
    day_first = Boolean(optional=True)("day_first", day_first)

    source = Source(data, "")
    with source.errors_named():
        table = source.read(reading)
        roles = roles.found_in(table)
        targets = roles.targets
        columns.check_columns(table)
        rows = rows_with_targets(table, targets)
        told = [*table.notes, *_tell_dropped(table.n_rows - len(rows))]
        if len(rows) < _FEWEST_ROWS:
            raise ValueError(
                f"{count(len(rows), 'row')} with a target, at least {_FEWEST_ROWS} are needed"
            )
        task = task or roles.task_of(columns)
        weights = None if roles.weight is None else read_weights(table, roles.weight, rows)
        goal = find_goal(table, targets, task, rows, told, columns.text, columns.decimal)
        parts = _split(table, rows, goal, held_out, roles, day_first, seed, told)
        if isinstance(goal, NumberTargets) and standardize_target:
            goal = standardized(goal, table, parts.train, told)
        notes = Notes()
        preprocessing = _fitted(table, parts.train, goal, roles, columns, reading, notes)
        samples: dict[str, _Samples | None] = {
            name: _encoded(table, part, preprocessing, weights, notes) if len(part) else None
            for name, part in zip(_PARTS, parts, strict=True)
        }
        _refuse_no_weight(roles.weight, weights, parts.train)
        told += notes.sentences()
        tell_copies(table, [column.name for column in preprocessing.columns], goal, rows, told)
    for name, own in held_out.tables.items():
        other = Source(own, name)
        samples[name] = _encoded_table(other, preprocessing, roles, max_bytes, told)
        if other.is_of(data):
            told.append(
                f"the {name} table is the one that is trained on: its figures do not show how the "
                "network does on new rows"
            )

    train, for_validation, for_test = (samples[name] for name in _PARTS)
    assert train is not None
    return Dataset(
        train=(train.x, train.y),
        validation=None if for_validation is None else (for_validation.x, for_validation.y),
        test=None if for_test is None else (for_test.x, for_test.y),
        task=preprocessing.task,
        classes=preprocessing.classes,
        features=preprocessing.features,
        targets=preprocessing.targets,
        preprocessing=preprocessing,
        weights=None if weight is None else _weights(train, for_validation, for_test),
        decisions=preprocessing.decisions,
        notes=tuple(told),
    )


class _Samples(NamedTuple):
    """A part, encoded."""

    x: NDArray[np.float32]
    y: NDArray[Any]
    weights: _Weights


def _weights(
    train: _Samples, validation: _Samples | None, test: _Samples | None
) -> tuple[_Weights, _Weights, _Weights]:
    return (
        train.weights,
        None if validation is None else validation.weights,
        None if test is None else test.weights,
    )


def _split(
    table: Table,
    rows: NDArray[np.int64],
    goal: Target,
    held_out: HeldOut,
    roles: Roles,
    day_first: bool | None,
    seed: int,
    told: list[str],
) -> Split:
    """The rows of each part; what that means for the classes is told."""
    strata = np.zeros(len(rows), dtype=np.int64)
    if isinstance(goal, ClassTarget):
        strata = goal.encode([table[goal.name][rows]], lambda row: table.place(int(rows[row])))
    told_later: list[str] = []
    parts = split_rows(
        table,
        rows,
        strata,
        validation=held_out.validation,
        test=held_out.test,
        group=roles.group,
        time=roles.time,
        day_first=day_first,
        seed=seed,
        told=told_later,
    )
    if isinstance(goal, ClassTarget):
        counts = np.bincount(strata)
        trained = np.bincount(strata[np.isin(rows, parts.train)], minlength=len(counts))
        _refuse_single_class(goal, trained)
        named = list(zip(goal.classes, counts.tolist(), trained.tolist(), strict=True))
        single = [label for label, n, in_training in named if n == 1 and in_training]
        if single:
            told.append(f"classes of a single row, which is only trained on: {listing(single)}")
        unseen = [label for label, _, in_training in named if not in_training]
        if unseen:
            told.append(f"classes without a row to train on: {listing(unseen)}")
    told += told_later
    return parts


def _refuse_no_weight(name: str | None, weights: _Weights, rows: NDArray[np.int64]) -> None:
    if weights is not None and not weights[rows].any():
        raise ValueError(f"column {name!r}: every weight is 0 in the training rows")


def _refuse_single_class(goal: ClassTarget, trained: NDArray[np.int64]) -> None:
    (seen,) = np.nonzero(trained)
    if len(seen) == 1:
        raise ValueError(
            f"target {goal.name!r} is {goal.classes[seen[0]]!r} in every training row: nothing to "
            "learn"
        )


def _fitted(
    table: Table,
    rows: NDArray[np.int64],
    goal: Target,
    roles: Roles,
    options: ColumnOptions,
    reading: ReadOptions,
    notes: Notes,
) -> Preprocessing:
    """What these rows say about each column."""
    others = roles.no_features(options)

    def without(names: Collection[str]) -> list[str]:
        return [name for name in names if name not in others]

    options = dataclasses.replace(
        options,
        drop=without(options.drop),
        categorical=without(options.categorical),
        numeric=without(options.numeric),
        text=without(options.text),
    )
    features = table.select([name for name in table if name not in others])
    _refuse_infinities(features)
    columns, decisions = fit_columns(features, rows, options, notes)
    if not columns:
        reasons = "".join(f"; {sentence}" for sentence in notes.sentences())
        raise ValueError(f"no column is left to predict {listing(goal.names)} from{reasons}")
    used = {column.name for column in columns}
    ignored = [name for name in table if name and name not in {*used, *goal.names}]
    decisions += roles.decisions(options)
    reading = dataclasses.replace(reading, text=(), max_bytes=None)
    return Preprocessing(columns, goal, tuple(ignored), decisions, reading)


def _encoded(
    table: Table,
    rows: NDArray[np.int64],
    preprocessing: Preprocessing,
    weights: _Weights,
    notes: Notes,
) -> _Samples:
    """These rows of a table, with their weights out of those of all rows."""
    y = preprocessing.goal.encode(
        [table[name][rows] for name in preprocessing.targets],
        lambda row: table.place(int(rows[row])),
    )
    x = encode_columns(preprocessing.columns, table, notes, rows=rows)
    return _Samples(x, y, None if weights is None else weights[rows])


def _encoded_table(
    source: Source,
    preprocessing: Preprocessing,
    roles: Roles,
    max_bytes: int | None,
    told: list[str],
) -> _Samples:
    """A table of its own, encoded like the one that is trained on."""
    notes = Notes()
    with source.errors_named():
        table = source.read(preprocessing.read_options(max_bytes))
        Roles(roles.targets, weight=roles.weight).found_in(table)
        rows = rows_with_targets(table, roles.targets)
        if not len(rows):
            raise ValueError(f"no row has a target in column {preprocessing.target!r}")
        weights = None if roles.weight is None else read_weights(table, roles.weight, rows)
        found = _encoded(table, rows, preprocessing, weights, notes)
        notes.refuse_unknown()
    dropped = table.n_rows - len(rows)
    sentences = (*table.notes, *_tell_dropped(dropped), *notes.sentences())
    told += [f"{source.name}: {sentence}" for sentence in sentences]
    return found


def _refuse_infinities(table: Table) -> None:
    """Refuse them while rows are still counted as in the file."""
    for name, values in table.items():
        if name and values.dtype.kind in "iuf":
            as_numbers(name, values, place=table.place)


def _tell_dropped(n: int) -> list[str]:
    return (
        [f"{count(n, 'row')} without a target {'was' if n == 1 else 'were'} dropped"] if n else []
    )
