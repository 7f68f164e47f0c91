"""Steps on a sparse matrix, of which a few mini-batches at a time are made dense."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backends import Array, Backend
from ..compiler import Run
from ..compiler.rows import join_rows
from ..data.sparse import SparseRows

__all__ = ["sparse_too"]


def sparse_too(backend: Backend, run: Run) -> Run:
    """A run that takes sparse rows as well as arrays, and does the same steps.

    Several mini-batches are made dense together, as each gathering and each call takes its time.

    Parameters
    ----------
    backend : Backend
    run : Run
        Which takes arrays.
    """

    def over(
        state: Any,
        x: Array | SparseRows,
        y: Array,
        order: np.ndarray[Any, Any],
        rates: Sequence[tuple[float, ...]],
        stop: Callable[[], bool] | None = None,
    ) -> tuple[Any, Array | None]:
        if not isinstance(x, SparseRows):
            return run(state, x, y, order, rates, stop)
        xp, outputs = backend.xp, []
        most = max(1, x.rows_at_once // order.shape[1])
        for start in range(0, len(order), most):
            rows = order[start : start + most]
            flat, places = rows.reshape(-1), np.arange(rows.size).reshape(rows.shape)
            y_rows = xp.take(y, backend.from_host(flat, "int64"), axis=0)
            part = rates[start : start + most]
            state, z = run(state, x.dense(flat), y_rows, places, part, stop)
            if z is not None:
                outputs.append(z)
            if z is None or z.shape[0] < len(rows):
                break
        return state, join_rows(backend, outputs) if outputs else None

    return over
