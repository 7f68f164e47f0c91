"""Data to train on: digits, MNIST, a person's own tables, and what is too large for memory."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bpnet.data._reading import read_table
    from bpnet.data.dataset import Dataset
    from bpnet.data.digits import load_digits
    from bpnet.data.idx import read_idx
    from bpnet.data.mnist import load_mnist
    from bpnet.data.preprocessing import Preprocessing
    from bpnet.data.sources.arrays import ArraySource
    from bpnet.data.sources.base import Source
    from bpnet.data.sources.choice import source
    from bpnet.data.sources.csv import CsvSource
    from bpnet.data.sources.idx import IdxSource
    from bpnet.data.sources.iterable import IterableSource
    from bpnet.data.sources.npy import NpySource
    from bpnet.data.sources.parquet import ParquetSource
    from bpnet.data.sources.sequence import SequenceSource
    from bpnet.data.tables import load_table

__all__ = [
    "ArraySource",
    "CsvSource",
    "Dataset",
    "IdxSource",
    "IterableSource",
    "NpySource",
    "ParquetSource",
    "Preprocessing",
    "SequenceSource",
    "Source",
    "load_digits",
    "load_mnist",
    "load_table",
    "read_idx",
    "read_table",
    "source",
]

# What reads files imports much that training on arrays does without: each comes when it is asked
# for.
_HOMES = {
    "ArraySource": "sources.arrays",
    "CsvSource": "sources.csv",
    "Dataset": "dataset",
    "IdxSource": "sources.idx",
    "IterableSource": "sources.iterable",
    "NpySource": "sources.npy",
    "ParquetSource": "sources.parquet",
    "Preprocessing": "preprocessing",
    "SequenceSource": "sources.sequence",
    "Source": "sources.base",
    "load_digits": "digits",
    "load_mnist": "mnist",
    "load_table": "tables",
    "read_idx": "idx",
    "read_table": "_reading",
    "source": "sources.choice",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value  # the next look-up is a plain attribute
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
