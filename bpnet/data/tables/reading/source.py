"""A table wherever it is: in a file or in memory."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from ...._lib.files import as_path
from ..table import Table
from .frames import is_frame
from .options import ReadOptions
from .read import read_table_with

__all__ = ["Source", "is_data"]


def is_data(given: Any) -> bool:
    """Whether it is a table in memory."""
    return is_frame(given)


class Source:
    """A table to read, and what messages call it.

    Parameters
    ----------
    data : path or frame
    name : str
        What messages call it, if it is no file; may be empty.
    max_bytes : int or None
        As for `read_table`.
    """

    def __init__(self, data: Any, name: str, max_bytes: int | None) -> None:
        self.is_file = not is_data(data)
        self._data: Any = as_path(data) if self.is_file else data
        self._max_bytes = max_bytes
        self.name = os.fspath(self._data) if self.is_file else name

    def read(self, text: Collection[str]) -> Table:
        """The table, whose columns ``text`` are not read as numbers."""
        options = ReadOptions(text=tuple(text), max_bytes=self._max_bytes)
        return read_table_with(self._data, options)

    @contextmanager
    def errors_named(self) -> Iterator[None]:
        """Name it in every ValueError."""
        try:
            yield
        except ValueError as error:
            told = str(error)
            if not self.name or told.startswith(self.name):
                raise
            raise ValueError(f"{self.name}: {told}") from None
