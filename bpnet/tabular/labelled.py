"""Rows with known targets, of a table like the one that was trained on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from .._lib.registry import no_such
from .._lib.wording import count, listing
from ..data import Preprocessing
from ..data.tables.reading.parts import read_table_parts_with
from ..data.tables.table import Table

__all__ = ["labelled_parts", "named_file", "target_columns"]


def target_columns(
    preprocessing: Preprocessing, target: str | Sequence[str] | None
) -> tuple[str, ...]:
    """The columns that hold the targets, in the order of those trained on.

    Parameters
    ----------
    preprocessing : Preprocessing
    target : str, sequence of str or None
        Their names, if they are called otherwise than in training.

    Raises
    ------
    ValueError
        If their number is another, or the network predicts from one of them.
    """
    if target is None:
        return preprocessing.targets
    names = (target,) if isinstance(target, str) else tuple(target)
    if len(names) != len(preprocessing.targets):
        raise ValueError(
            f"the network predicts {listing(preprocessing.targets)}, so target must name "
            f"{count(len(preprocessing.targets), 'column')}, not {listing(names)}"
        )
    for name in names:
        if any(column.name == name for column in preprocessing.columns):
            raise ValueError(
                f"column {name!r} is what the network predicts from, so it cannot be the target"
            )
    return names


def labelled_parts(
    preprocessing: Preprocessing, names: Sequence[str], data: Any, max_bytes: int | None = None
) -> Iterator[Table]:
    """A table some rows at a time, with the columns ``names`` among others.

    Parameters
    ----------
    preprocessing : Preprocessing
        Which says how the table that was trained on was read.
    names : sequence of str
        As `target_columns` returns them.
    data : path or frame
    max_bytes : int, optional
        As for `bpnet.data.read_table_parts`.

    Raises
    ------
    ValueError
        If one of the columns is missing, or the file cannot be read.
    """
    own = dict(zip(preprocessing.targets, names, strict=True))
    options = preprocessing.read_options(max_bytes)
    options = replace(options, text=tuple(own.get(name, name) for name in options.text))
    for part in read_table_parts_with(data, options):
        for name in names:
            if name not in part:
                raise ValueError(no_such("column", name, part))
        yield part


@contextlib.contextmanager
def named_file(data: Any) -> Iterator[None]:
    """Errors of a file begin with its name."""
    try:
        yield
    except ValueError as error:
        told = str(error)
        if not isinstance(data, str | os.PathLike) or told.startswith(os.fspath(data)):
            raise
        raise ValueError(f"{os.fspath(data)}: {told}") from error
