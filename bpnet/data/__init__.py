"""Data to train on: digits, MNIST, a person's own tables, and what is too large for memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lib.lazy import lazy_attributes

if TYPE_CHECKING:
    from .dataset import Dataset
    from .digits import load_digits
    from .idx import read_idx
    from .mnist import load_mnist
    from .sources.arrays import ArraySource
    from .sources.base import Source
    from .sources.choice import source
    from .sources.csv import CsvSource
    from .sources.idx import IdxSource
    from .sources.iterable import IterableSource
    from .sources.npy import NpySource
    from .sources.parquet import ParquetSource
    from .sources.sequence import SequenceSource
    from .tables.load import load_table
    from .tables.preprocessing import Preprocessing
    from .tables.reading.parts import read_table_parts
    from .tables.reading.read import read_table

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
    "read_table_parts",
    "source",
]

# What reads files imports much that training on arrays does without: each comes when it is asked
# for.
__getattr__ = lazy_attributes(
    __name__,
    {
        "ArraySource": "sources.arrays",
        "CsvSource": "sources.csv",
        "Dataset": "dataset",
        "IdxSource": "sources.idx",
        "IterableSource": "sources.iterable",
        "NpySource": "sources.npy",
        "ParquetSource": "sources.parquet",
        "Preprocessing": "tables.preprocessing",
        "SequenceSource": "sources.sequence",
        "Source": "sources.base",
        "load_digits": "digits",
        "load_mnist": "mnist",
        "load_table": "tables.load",
        "read_idx": "idx",
        "read_table": "tables.reading.read",
        "read_table_parts": "tables.reading.parts",
        "source": "sources.choice",
    },
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
