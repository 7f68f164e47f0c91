"""Samples in a frame: anything with named columns, encoded as the table that was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .._lib.registry import no_such
from .._lib.wording import shown
from ..backends.interop import library_of

if TYPE_CHECKING:
    from .tables.preprocessing import Preprocessing

__all__ = ["Encoded", "column_names", "encoded_inputs", "encoded_pair"]


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


def column_names(x: Any) -> list[str] | None:
    """Names of the columns of a frame, of whatever library; None for anything else."""
    if type(x) is np.ndarray or isinstance(x, list | tuple) or library_of(x) is not None:
        return None
    if isinstance(x, Mapping):
        names = [*x]
    else:
        found = getattr(x, "column_names", None)  # Arrow's `columns` are arrays
        if found is None and hasattr(x, "shape"):
            found = getattr(x, "columns", None)
        if found is None or callable(found):
            return None
        names = [*found]
    return names if names and all(isinstance(name, str) for name in names) else None


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
    """
    preprocessing = _preprocessing(x, metadata)
    if preprocessing is None:
        return Encoded(x, None)
    return Encoded(preprocessing.transform(_table(x)), preprocessing)


def encoded_pair(
    x: Any, y: Any, metadata: Mapping[str, Any], names: tuple[str, str] = ("x", "y")
) -> tuple[Any, Any]:
    """Samples and targets, both encoded if x is a frame.

    Parameters
    ----------
    x : array-like, or frame with the columns that were trained on
    y : array-like or None
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
    table = _table(x)
    for target in preprocessing.targets if y is None else ():
        if target not in table:
            lacking = no_such("column", target, table)
            raise TypeError(f"{names[1]} is missing, and {names[0]} has {lacking}")
    targets = table if y is None else _table(y) if column_names(y) else y
    values = preprocessing.transform_target(targets)
    return preprocessing.transform(table), values


def _preprocessing(x: Any, metadata: Mapping[str, Any]) -> Preprocessing | None:
    """How to encode x; None if it is no frame, or numbers for a network that knows no table."""
    names = column_names(x)
    if names is None:
        return None
    if metadata.get("preprocessing") is None:
        for name in () if isinstance(x, Mapping) else names:
            if np.asarray(x[name]).dtype.kind not in "biuf":
                _refuse_text(x, name)
        return None
    from .tables.preprocessing import Preprocessing  # most networks know nothing of tables

    return Preprocessing.from_dict(metadata["preprocessing"])


def _refuse_text(x: Any, name: str) -> None:
    """Raise TypeError if a column is nothing that a network takes as it is."""
    values = np.asarray(x[name])
    texts = values[[isinstance(one, str) for one in values.tolist()]]
    if texts.size or values.dtype.kind in "Mm":
        what = f"text, such as {shown(str(texts[0]))}" if texts.size else f"{values.dtype} values"
        raise TypeError(
            f"column {name!r} of x holds {what}, and the metadata of this network have no "
            "preprocessing that encodes it: data = bpnet.data.load_table(path, target) makes one, "
            "net.fit(*data.train, ...) trains on it, and then net.metadata['preprocessing'] = "
            "data.preprocessing.to_dict()"
        )


def _table(x: Any) -> Mapping[str, ArrayLike]:
    return x if isinstance(x, Mapping) else {n: np.asarray(x[n]) for n in column_names(x) or ()}
