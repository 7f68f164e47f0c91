"""A table wherever it is: in a file or in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...._lib.files import as_path, is_path
from ..table import Table
from .options import ReadOptions
from .read import read_table_with

__all__ = ["Source"]


class Source:
    """A table to read, and what messages call it.

    Parameters
    ----------
    data : path or frame
    name : str
        What messages call it, if it is no file; may be empty.
    """

    def __init__(self, data: Any, name: str) -> None:
        self._data = data
        self.name = os.fspath(as_path(data)) if is_path(data) else name

    def read(self, options: ReadOptions) -> Table:
        """The table."""
        return read_table_with(self._data, options)

    def is_of(self, data: Any) -> bool:
        """Whether this is the same file or frame."""
        if is_path(data) and is_path(self._data):
            return os.path.samefile(as_path(data), as_path(self._data))
        return data is self._data

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
