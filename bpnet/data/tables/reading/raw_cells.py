"""Cells of a table's file as they are spelled there."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...._lib.registry import no_such
from ...damage import damage_named
from ...parquet_file import check_row_groups, open_parquet, rows_of_a_batch
from .delimited_file import DelimitedFile
from .file_format import find_format
from .json_records import JsonRecords
from .options import ReadOptions
from .parts import read_table_parts_with
from .text_file import TextFile

__all__ = ["raw_rows"]

_CELLS = 2**15  # that are in memory at a time, about
_INDEX = "__index_level_0__"  # what pandas calls an index without a name

Row = tuple[str, ...]


def raw_rows(path: Path, names: Sequence[str], options: ReadOptions | None = None) -> Iterator[Row]:
    """The cells of some columns, row by row; memory is that of a part of the file.

    Those of a text file are as they stand there, whatever they mean: ``007``, ``1,5``, ``NA``. In
    other formats, whose values have no spelling, integers keep all their digits, and a missing
    value is an empty cell.

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
    rows = {"delimited": _of_text, "json": _of_json, "parquet": _of_parquet, "npz": _of_arrays}
    return rows[find_format(path)](path, names, options or ReadOptions())


def _of_text(path: Path, names: Sequence[str], options: ReadOptions) -> Iterator[Row]:
    file = DelimitedFile(path, options)
    _check(path, names, file.names)
    places = [file.names.index(name) for name in names]
    for _, block in file.blocks(_CELLS):
        for row in block:
            yield tuple(row[place] for place in places)


def _of_json(path: Path, names: Sequence[str], options: ReadOptions) -> Iterator[Row]:
    records = JsonRecords(TextFile(path, options.encoding, options.max_bytes))
    known: dict[str, None] = {}
    for _, block in records.blocks():
        known |= dict.fromkeys(str(key).strip() for record in block for key in record)
    _check(path, names, list(known))
    for _, block in records.blocks():
        for record in block:
            cells = {str(key).strip(): value for key, value in record.items()}
            yield tuple(_spelled(cells.get(name)) for name in names)


def _of_parquet(path: Path, names: Sequence[str], options: ReadOptions) -> Iterator[Row]:
    arrow, file = open_parquet(path)
    with file:
        stored = {"" if name == _INDEX else name.strip(): name for name in file.schema_arrow.names}
        _check(path, names, list(stored))
        wanted = [stored[name] for name in names]
        check_row_groups(path, file, options.max_bytes, wanted)
        rows = rows_of_a_batch(len(wanted))
        batches = file.iter_batches(rows, use_threads=False, columns=wanted)
        while True:
            with damage_named(f"{path}: cannot be read"):
                batch = next(batches, None)
                if batch is None:
                    return
                columns = [_in_words(batch.column(name), arrow) for name in wanted]
            yield from zip(*columns, strict=True)


def _of_arrays(path: Path, names: Sequence[str], options: ReadOptions) -> Iterator[Row]:
    for part in read_table_parts_with(path, replace(options, text=tuple(names))):
        _check(path, names, list(part))
        columns = [map(_spelled, part[name].tolist()) for name in names]
        yield from zip(*columns, strict=True)


def _in_words(column: Any, arrow: Any) -> list[str]:
    """The cells of a column of Arrow's, in its own spelling where it has one."""
    with contextlib.suppress(arrow.ArrowInvalid, arrow.ArrowNotImplementedError):  # lists, bytes
        column = column.cast(arrow.string())
    return [_spelled(cell) for cell in column.to_pylist()]


def _spelled(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool | dict | list):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return str(cell)


def _check(path: Path, names: Sequence[str], known: list[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{path}: {no_such('column', name, known)}")
