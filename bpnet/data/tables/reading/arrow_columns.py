"""Columns of Arrow tables, as columns of a table here."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...._lib.wording import shortened
from ..cell_parsing import as_text, text_cells
from .values import UnusableColumnError

__all__ = ["column_from_arrow", "is_text", "is_usable"]


def column_from_arrow(column: Any, arrow: Any, *, text: bool = False) -> NDArray[Any]:
    """A chunked array of Arrow's as a column.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
    arrow : module
        pyarrow.
    text : bool, optional
        Whether it is to be text whatever it holds.

    Raises
    ------
    UnusableColumnError
        If it holds neither numbers nor text nor times; times with a zone are taken in UTC.
    """
    types, kind = arrow.types, column.type
    if not is_usable(kind, arrow):
        raise UnusableColumnError(f"holds {shortened(str(kind), 80)}, neither numbers nor text")
    if isinstance(kind, arrow.BaseExtensionType):
        column = arrow.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)
        return column_from_arrow(column, arrow, text=text)
    if types.is_dictionary(kind) and is_text(kind.value_type, arrow):
        chunks = [_from_dictionary(chunk) for chunk in column.chunks]
        return np.concatenate([np.empty(0, np.object_), *chunks])
    if types.is_dictionary(kind):
        return column_from_arrow(column.cast(kind.value_type), arrow, text=text)
    if types.is_temporal(kind) and text:
        return text_cells(column.cast(arrow.string()).to_pylist())
    values = _values(column, arrow)
    return as_text(values) if text else values


def is_usable(kind: Any, arrow: Any) -> bool:
    """Whether a column of this type of Arrow's can be one of a table."""
    types = arrow.types
    if isinstance(kind, arrow.BaseExtensionType):
        return is_usable(kind.storage_type, arrow)
    if types.is_dictionary(kind):
        return is_usable(kind.value_type, arrow)
    known = (
        types.is_integer,
        types.is_floating,
        types.is_decimal,
        types.is_null,
        types.is_boolean,
        types.is_date,
        types.is_timestamp,
        types.is_duration,
        types.is_time,
    )
    return is_text(kind, arrow) or any(bool(is_known(kind)) for is_known in known)


def is_text(kind: Any, arrow: Any) -> bool:
    """Whether a type of Arrow's is text."""
    views = getattr(arrow.types, "is_string_view", None)
    return bool(
        arrow.types.is_string(kind)
        or arrow.types.is_large_string(kind)
        or (views is not None and views(kind))
    )


def _values(column: Any, arrow: Any) -> NDArray[Any]:
    types, kind = arrow.types, column.type
    values: NDArray[Any]
    if types.is_integer(kind) or types.is_floating(kind):
        values = column.to_numpy()
        return values
    if types.is_decimal(kind) or types.is_null(kind):
        values = column.cast(arrow.float64()).to_numpy()
        return values
    if types.is_boolean(kind):
        return as_text(column.to_numpy(zero_copy_only=False))
    if is_text(kind, arrow):
        return text_cells(column.to_pylist())
    if types.is_date(kind):
        # Milliseconds that are days are days.
        values = column.cast(arrow.date32()).to_numpy()
        return values.astype("M8[D]")
    if types.is_timestamp(kind):
        values = column.cast(arrow.timestamp(kind.unit)).to_numpy()
        return values.astype(f"M8[{kind.unit}]")
    if types.is_duration(kind):
        values = column.to_numpy()
        return values.astype(f"m8[{kind.unit}]")
    since_midnight = column.cast(arrow.int32() if kind.bit_width == 32 else arrow.int64())
    times = since_midnight.fill_null(0).to_numpy().astype(f"m8[{kind.unit}]")
    return np.where(column.is_null().to_numpy(), np.array("NaT", times.dtype), times)


def _from_dictionary(chunk: Any) -> NDArray[np.object_]:
    words = text_cells([*chunk.dictionary.to_pylist(), None])
    found: NDArray[np.object_] = words[chunk.indices.fill_null(len(words) - 1).to_numpy()]
    return found
