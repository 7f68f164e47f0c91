"""A person's own table, made ready for training."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ..._lib.constraints import Each, Integer, Text
from ..._lib.files import as_path
from ..._lib.registry import no_such
from ..._lib.wording import count, listing
from ..dataset import Dataset
from ..splitting import split
from .cell_parsing import as_numbers, is_missing
from .columns.fit import fit_columns
from .columns.options import ColumnOptions
from .notes import Notes
from .preprocessing import Preprocessing, encode_columns
from .reading.read import read_table
from .table import Table
from .target_column import Task, find_classes, infer_task, target_moments

__all__ = ["load_table"]

_FEWEST_ROWS = 10
_HELD_OUT = {"validation": 0.1, "test": 0.1}


def load_table(
    path: str | os.PathLike[str],
    target: str,
    *,
    task: Task | None = None,
    text: Collection[str] = (),
    max_bytes: int | None = None,
    standardize_target: bool = True,
    seed: int = 0,
) -> Dataset:
    r"""Read a table, and prepare it to predict one column from the others.

    The rows are split by ``seed`` into 80 % to train on, 10 % to validate and 10 % to test, in
    classification so that every class keeps its share; a class with a single row is only trained
    on. Whatever follows is learnt from the training rows alone:

    - Numbers are standardized; missing ones are filled with the mean.
    - Everything else is one-hot encoded; a missing value is a category of its own, a category that
      only other rows have is all zeros.
    - Left out are columns that are constant, have no values, have no name, hold only different
      texts (as identifiers do), or more than 1,000 of them.
    - In regression the target is standardized too, because networks train badly on anything else:
      costs are in units of its standard deviation, and ``preprocessing.inverse_target`` turns
      predictions back.

    Rows without a target are dropped. All of this is told in the notes of the result.

    Parameters
    ----------
    path : str or path
        A CSV, Parquet or NPZ file, as `read_table` reads it.
    target : str
        The column to predict.
    task : {"classification", "regression"}, optional
        Seen from the target if not given: text and booleans are classes, and so are integers with
        at most 20 different values of which each has, on average, three rows or more; all other
        numbers are a regression. Whole numbers count as integers where one is missing, since a
        file's gap makes floats of them.
    text : collection of str
        Columns to take for labels even if they look like numbers, such as postal codes.
    max_bytes : int, optional
        As for `read_table`.
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
        number, or nothing to learn; the message gives the place and both values. Rows are counted
        from 1, without the header.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "pets.csv")
    >>> _ = path.write_text("weight,kind\n" + "4.1,cat\n,cat\n9.5,dog\n" * 10)
    >>> pets = load_table(path, "kind")
    >>> pets.task, pets.classes, [len(x) for x, y in (pets.train, pets.validation, pets.test)]
    ('classification', ('cat', 'dog'), [24, 3, 3])
    >>> pets.notes
    ("column 'weight' has 10 missing values, filled with the training mean 6.98",)
    >>> folder.cleanup()
    """
    Text()("target", target)
    Text(optional=True)("task", task)
    seed = Integer(0)("seed", seed)
    text = [text] if isinstance(text, str) else Each(Text())("text", text)
    if task is not None and task not in get_args(Task):
        raise ValueError(no_such("task", task, get_args(Task)))
    path = as_path(path)
    table = read_table(path, text=text, max_bytes=max_bytes)
    for name in (target, *text):
        if name not in table:
            raise ValueError(f"{path}: {no_such('column', name, table)}")
    try:
        return _prepared(table, target, task, standardize_target, seed)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _prepared(
    table: Table, target: str, task: Task | None, standardize_target: bool, seed: int
) -> Dataset:
    """The table, split and encoded."""
    _refuse_bad_numbers(table, target if task == "regression" else None)
    present = ~is_missing(table[target])
    n_rows = int(present.sum())
    if n_rows < _FEWEST_ROWS:
        raise ValueError(
            f"{count(n_rows, 'row')} with a target, at least {_FEWEST_ROWS} are needed"
        )
    told = _tell_dropped(len(present) - n_rows)
    if task is None:
        task, why = infer_task(target, table[target], present)
        told += why
    table = Table({name: values[present] for name, values in table.items()})
    labels = table.pop(target)

    if task == "classification":
        preprocessing = Preprocessing((), target, find_classes(target, labels))
        strata = preprocessing.transform_target(labels)
        told += _tell_single(preprocessing, np.bincount(strata))
        parts = split(strata, **_HELD_OUT, seed=seed)
    else:
        parts = split(np.zeros(n_rows, dtype=np.int64), **_HELD_OUT, seed=seed)
        mean, scale = target_moments(target, as_numbers(target, labels[parts.train]))
        if standardize_target:
            told.append(
                f"target {target!r} is standardized (mean {mean:.6g}, "
                f"standard deviation {scale:.6g}); costs are in these units"
            )
        else:
            mean, scale = 0.0, 1.0
        preprocessing = Preprocessing((), target, None, mean, scale)

    notes = Notes()
    columns, _ = fit_columns(table, parts.train, ColumnOptions(), notes)
    if not columns:
        reasons = "".join(f"; {sentence}" for sentence in notes.sentences())
        raise ValueError(f"no column is left to predict {target!r} from{reasons}")
    used = {column.name for column in columns}
    ignored = tuple(name for name in table if name and name not in used)
    preprocessing = dataclasses.replace(preprocessing, columns=columns, ignored=ignored)
    x = encode_columns(columns, table, notes)
    y = preprocessing.transform_target(labels)
    return Dataset(
        train=(x[parts.train], y[parts.train]),
        validation=(x[parts.validation], y[parts.validation]) if len(parts.validation) else None,
        test=(x[parts.test], y[parts.test]) if len(parts.test) else None,
        task=task,
        classes=preprocessing.classes,
        features=preprocessing.features,
        target=target,
        preprocessing=preprocessing,
        notes=(*told, *notes.sentences()),
    )


def _refuse_bad_numbers(table: Table, numeric_target: str | None) -> None:
    """Refuse infinities, and text to regress on, while rows are still counted as in the file."""
    for name, values in table.items():
        if name and (values.dtype != np.object_ or name == numeric_target):
            as_numbers(name, values)


def _tell_dropped(n: int) -> list[str]:
    return (
        [f"{count(n, 'row')} without a target {'was' if n == 1 else 'were'} dropped"] if n else []
    )


def _tell_single(preprocessing: Preprocessing, counts: NDArray[np.int64]) -> list[str]:
    classes = preprocessing.classes or ()
    single = [label for label, count in zip(classes, counts, strict=True) if count == 1]
    if not single:
        return []
    return [f"classes of a single row, which is only trained on: {listing(single)}"]
