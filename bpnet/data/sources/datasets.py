"""PyTorch's datasets, and objects like them, as sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .base import Source
from .iterable import IterableSource
from .sequence import SequenceSource

__all__ = ["dataset_source", "is_dataset"]

_ARRAYS = ("__array__", "__array_interface__", "__dlpack__", "shape", "dtype")


def is_dataset(data: object) -> bool:
    """Whether it is a dataset or loader of PyTorch, or has a length and items like one.

    Arrays, tables, lists and sources are none.
    """
    if isinstance(data, Source | Sequence | Mapping | memoryview | type):
        return False
    if any(kind.__module__.startswith("torch.utils.data") for kind in type(data).__mro__):
        return True
    if any(hasattr(data, name) for name in _ARRAYS):
        return False
    return hasattr(data, "__len__") and hasattr(data, "__getitem__")


def dataset_source(data: Any) -> Source:
    """The source of a dataset's samples: in any order, or of an iterable one in its own.

    Raises
    ------
    TypeError
        If it is a loader, whose dataset is to be given, or has no length.
    """
    kinds, name = {kind.__name__ for kind in type(data).__mro__}, type(data).__name__
    if "DataLoader" in kinds:
        raise TypeError(
            f"a {name} makes mini-batches, as bpnet does itself: give its dataset, loader.dataset, "
            "and fit's batch_size"
        )
    if "IterableDataset" not in kinds:
        return SequenceSource(data)
    try:
        samples = len(data)
    except (TypeError, NotImplementedError, AssertionError) as error:
        raise TypeError(
            f"{name} is an iterable dataset without a length: "
            "bpnet.data.IterableSource(lambda: dataset, samples) says how many make an epoch"
        ) from error
    return IterableSource(lambda: data, samples, name)
