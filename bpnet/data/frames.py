"""Samples in a frame: anything with named columns, encoded as the table that was trained on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._lib.registry import no_such
from .._lib.wording import shown
from ..backends.interop import library_of

if TYPE_CHECKING:
    from .tables.preprocessing import Preprocessing
    from .tables.table import Table

__all__ = ["Encoded", "encoded_inputs", "encoded_pair", "is_table"]


class Encoded(NamedTuple):
    """Samples for a network, and how they came from a frame.

    Parameters
    ----------
    x : array-like, shape (m, n_0)
        As it was given, if that was no frame.
    preprocessing : Preprocessing or None
        None if it was no frame.
    """

    x: Any
    preprocessing: Preprocessing | None


def encoded_inputs(x: Any, metadata: Mapping[str, Any]) -> Encoded:
    """Samples, encoded by the preprocessing in a network's metadata if x is a frame.

    Parameters
    ----------
    x : array-like, or frame with the columns that were trained on
    metadata : mapping

    Raises
    ------
    ValueError
        If a column is missing, or a value cannot be encoded; the message names both.
    TypeError
        If x is a frame with text, and the network knows no table.
    """
    preprocessing = _preprocessing(x, metadata)
    if preprocessing is None:
        return Encoded(x, None)
    return Encoded(preprocessing.transform(_table(x, preprocessing)), preprocessing)


def encoded_pair(
    x: Any, y: Any, metadata: Mapping[str, Any], names: tuple[str, str] = ("x", "y")
) -> tuple[Any, Any]:
    """Samples and targets, both encoded if x is a frame.

    Parameters
    ----------
    x : array-like, or frame with the columns that were trained on
    y : array-like, frame or None
        In the target's own terms if x is a frame: labels, or numbers in its unit. By default the
        frame's own column.
    metadata : mapping
    names : (str, str), optional
        What messages call the two.

    Raises
    ------
    TypeError, ValueError
        If a column is missing, or a value cannot be encoded; the message names both.
    """
    preprocessing = _preprocessing(x, metadata)
    if preprocessing is None:
        return x, y
    table = _table(x, preprocessing)
    for target in preprocessing.targets if y is None else ():
        if target not in table:
            lacking = no_such("column", target, table)
            raise TypeError(f"{names[1]} is missing, and {names[0]} has {lacking}")
    if y is None:
        y = table
    elif is_table(y):
        y = _table(y, preprocessing)
    elif len(preprocessing.targets) == 1 and np.ndim(y) == 1:  # read as if it was in the frame
        y = _table({preprocessing.targets[0]: y}, preprocessing)
    return preprocessing.transform(table), preprocessing.transform_target(y)


def is_table(x: Any) -> bool:
    """Whether something has named columns: a frame, a mapping, records or a structured array."""
    if isinstance(x, list | tuple):  # a tuple may be a pair of samples and targets
        return isinstance(x, list) and bool(x) and all(isinstance(row, Mapping) for row in x)
    library = library_of(x)
    if x is None or (library is not None and getattr(x.dtype, "names", None) is None):
        return False
    from .tables.reading.frames import is_frame  # most networks know nothing of tables

    return is_frame(x)


def _preprocessing(x: Any, metadata: Mapping[str, Any]) -> Preprocessing | None:
    """How to encode x; None if it is no frame, or numbers for a network that knows no table."""
    if type(x) is np.ndarray and x.dtype.names is None:
        return None  # at once: a forward pass of one sample is as short
    known = metadata.get("preprocessing") is not None
    if not is_table(x):
        if known:
            _refuse_no_frame(x)
        return None
    names = _names(x)
    if not known:
        for name in names:
            if isinstance(name, str):
                _refuse_text(x, name)
        return None
    from .tables.preprocessing import Preprocessing

    preprocessing = Preprocessing.from_dict(metadata["preprocessing"])
    if names and not any(isinstance(name, str) for name in names):
        expected = {column.name for column in preprocessing.columns}
        if not expected & {*map(str, names)}:
            return None  # a frame of samples that are encoded, without names
    return preprocessing


def _names(x: Any) -> list[Any]:
    """Names of the columns of a frame of pandas, Polars or Arrow."""
    if not hasattr(x, "shape"):  # a mapping, records, or lazy
        return []
    found = getattr(x, "column_names", None)  # the `columns` of Arrow are arrays
    found = getattr(x, "columns", None) if found is None else found
    return [] if found is None or callable(found) else [*found]


def _refuse_no_frame(x: Any) -> None:
    """Raise TypeError for a file's name, or a single row, in place of a frame."""
    if isinstance(x, str | os.PathLike):
        raise TypeError(
            f"x is the path {shown(os.fspath(x))}, and a frame is needed: "
            "bpnet.data.read_table(path) reads one"
        )
    if type(x).__name__ == "Series" and hasattr(x, "to_frame"):
        raise TypeError(
            f"x is a Series, a single row or column {shown(x.name)}, and a frame is needed: of "
            "pandas, frame.iloc[[0]] is one of a single row"
        )


def _refuse_text(x: Any, name: str) -> None:
    """Raise TypeError if a column is nothing that a network takes as it is."""
    values = np.asarray(x[name])
    if values.dtype.kind in "biuf":
        return
    texts = values[[isinstance(one, str) for one in values.tolist()]]
    if texts.size or values.dtype.kind in "Mm":
        what = f"text, such as {shown(str(texts[0]))}" if texts.size else f"{values.dtype} values"
        raise TypeError(
            f"column {name!r} of x holds {what}, and the metadata of this network have no "
            "preprocessing that encodes it: data = bpnet.data.load_table(frame, target) makes one, "
            "net.fit(*data.train, ...) trains on it, and then net.metadata['preprocessing'] = "
            "data.preprocessing.to_dict()"
        )


def _table(x: Any, preprocessing: Preprocessing) -> Table:
    from .tables.reading.frames import read_frame
    from .tables.reading.options import ReadOptions

    return read_frame(x, ReadOptions(text=preprocessing.text_columns))
