"""Objects that give their k-th sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..._lib.prefetch import check_wanted
from ...backends.unsuitable import refuse_sparse
from .base import Rows, Source
from .stacking import stack_samples

__all__ = ["SequenceSource"]


class SequenceSource(Source):
    """Any object with ``len(data)`` and ``data[k]``, a pair (x, y), as PyTorch's datasets are.

    Parameters
    ----------
    data : object
        Asked in a thread other than the one that trains; ``data[k]`` is a sample, whose x is laid
        flat, and its target, a number or a row of them.
    name : str, optional
        What messages call it.

    Raises
    ------
    TypeError
        If it has no length or no items.
    ValueError
        If it is empty.

    Examples
    --------
    >>> from bpnet.data import SequenceSource
    >>> rows = SequenceSource([([0.0, 1.0], 1), ([2.0, 3.0], 0)])
    >>> rows.read(0, 2)
    (array([[0., 1.],
           [2., 3.]]), array([1, 0]))
    """

    def __init__(self, data: Any, name: str | None = None) -> None:
        self.name = name or type(data).__name__
        refuse_sparse(data, "data")
        for method in ("__len__", "__getitem__"):
            if not hasattr(data, method):
                raise TypeError(f"{self.name} has no {method}: a sequence of samples has")
        if len(data) == 0:
            raise ValueError(f"{self.name} is empty: it has 0 samples")
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def read(self, start: int, stop: int) -> Rows:
        return stack_samples(self._items(start, stop), start, self)

    def _items(self, start: int, stop: int) -> Iterator[Any]:
        for k in range(start, stop):
            check_wanted()
            try:
                yield self._data[k]
            except Exception as error:
                error.add_note(f"while reading {self.place(k)}")
                raise
