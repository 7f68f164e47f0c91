"""Columns of pandas' frames, of whatever dtype."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrow_columns import column_from_arrow
from .values import column_from_array, column_from_values

__all__ = ["column_from_pandas"]


def column_from_pandas(series: Any) -> NDArray[Any]:
    """A series as a column of a table; times with a zone are taken in UTC, periods by their start.

    Raises
    ------
    UnusableColumnError
        If it holds neither numbers nor text nor times.
    """
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        return column_from_array(series.to_numpy())
    if hasattr(dtype, "categories"):
        return _from_categories(series)
    if hasattr(dtype, "pyarrow_dtype"):
        arrow = importlib.import_module("pyarrow")  # which pandas needed to make it
        stored = series.array.__arrow_array__()
        chunked = stored if hasattr(stored, "chunks") else arrow.chunked_array([stored])
        return column_from_arrow(chunked, arrow)
    name = str(dtype)
    if name.startswith("period"):
        return column_from_array(series.dt.to_timestamp().to_numpy())
    if hasattr(dtype, "tz"):
        return column_from_array(series.dt.tz_convert(None).to_numpy())
    if name.startswith("Sparse"):
        return column_from_array(np.asarray(series))
    if getattr(dtype, "kind", "O") in "iuf" and hasattr(dtype, "numpy_dtype"):
        if series.isna().any():
            return column_from_array(series.to_numpy(dtype=np.float64, na_value=np.nan))
        return column_from_array(series.to_numpy(dtype=dtype.numpy_dtype))
    return column_from_values(series.to_numpy(dtype=object, na_value=None).tolist())


def _from_categories(series: Any) -> NDArray[Any]:
    """The values of a categorical series, with one string for all cells of a category."""
    codes = series.cat.codes.to_numpy()
    known = series.cat.categories
    values = column_from_pandas(known.to_series())
    missing: Any = None
    if (codes >= 0).all():
        missing = values[0] if len(values) else None
    elif values.dtype.kind in "iuf":
        values, missing = values.astype(np.float64), np.nan
    elif values.dtype.kind in "mM":
        missing = np.array("NaT", values.dtype)
    extended = np.empty(len(values) + 1, values.dtype)
    extended[:-1], extended[-1] = values, missing
    found: NDArray[Any] = extended[codes]  # -1 is the last
    return found
