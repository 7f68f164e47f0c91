"""Cells of a table's file as they are spelled there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ...._lib.registry import no_such
from .delimited_file import DelimitedFile
from .file_format import find_format
from .options import ReadOptions
from .parts import read_table_parts_with

__all__ = ["raw_rows"]

_CELLS = 2**15  # that are in memory at a time, about


def raw_rows(
    path: Path, names: Sequence[str], options: ReadOptions | None = None
) -> Iterator[tuple[str, ...]]:
    """The cells of some columns, row by row; memory is that of a part of the file.

    Those of a text file are as they stand there, whatever they mean: ``007``, ``1,5``, ``NA``. In
    other formats, whose values have no spelling, a missing value is an empty cell.

    Parameters
    ----------
    path : Path
    names : sequence of str
        Of the columns.
    options : ReadOptions, optional

    Raises
    ------
    ValueError
        If there is no such column, or as `read_table_parts`; when the first row is asked for.
    """
    options = options or ReadOptions()
    if find_format(path) == "delimited":
        file = DelimitedFile(path, options)
        places = [_place(path, name, file.names) for name in names]
        for _, block in file.blocks(_CELLS):
            for row in block:
                yield tuple(row[place] for place in places)
        return
    for part in read_table_parts_with(path, replace(options, text=tuple(names))):
        for name in names:
            _place(path, name, list(part))
        columns = [part[name].tolist() for name in names]
        for cells in zip(*columns, strict=True):
            yield tuple("" if cell is None else str(cell) for cell in cells)


def _place(path: Path, name: str, names: list[str]) -> int:
    if name not in names:
        raise ValueError(f"{path}: {no_such('column', name, names)}")
    return names.index(name)
