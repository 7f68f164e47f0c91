"""Parquet files, opened by pyarrow."""

from __future__ import annotations

import importlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from .._lib.files import check_regular_file
from .._lib.install import pip_install
from .._lib.wording import count
from .damage import damage_named
from .memory_limit import check_memory
from .tables.table import check_column_names

__all__ = ["check_row_groups", "open_parquet", "rows_of_a_batch", "unpacked_bytes"]

_MOST_ROWS, _FEWEST_ROWS = 8192, 16
_CELLS = 2**20
_FEW_BYTES = 2**26  # for which no file is refused


def open_parquet(path: Path, **options: Any) -> tuple[Any, Any]:
    """Open a Parquet file, and check what its metadata say.

    Parameters
    ----------
    path : Path
    options
        Of ``pyarrow.parquet.ParquetFile``.

    Returns
    -------
    pyarrow : module
    file : pyarrow.parquet.ParquetFile

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If pyarrow is not installed; the message says what to install.
    ValueError
        If it is no Parquet file, is damaged, has no rows or two columns of one name.
    """
    check_regular_file(path)
    try:
        arrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError(
            f"{path}: Parquet files need pyarrow: {pip_install('pyarrow')}"
        ) from error
    with damage_named(f"{path}: not a readable Parquet file"):
        file = parquet.ParquetFile(path, page_checksum_verification=True, **options)
        about, names = file.metadata, file.schema_arrow.names
        sizes = [about.row_group(k).num_rows for k in range(about.num_row_groups)]
        if min(sizes, default=0) < 0 or sum(sizes) != about.num_rows:
            raise ValueError(f"{about.num_rows} rows, in its row groups {sum(sizes)}")
    check_column_names(path, names)
    if not about.num_rows:
        raise ValueError(f"{path}: {count(len(names), 'column')}, but no rows")
    return arrow, file


def check_row_groups(
    path: Path, file: Any, max_bytes: int | None, names: Collection[str] | None = None
) -> None:
    """Raise if a row group, or these columns of it, would take more memory than a file may."""
    groups = (file.metadata.row_group(k) for k in range(file.metadata.num_row_groups))
    unpacked = max(unpacked_bytes(group, names) for group in groups)
    check_memory(path, unpacked, max_bytes, "a row group, unpacked,")


def rows_of_a_batch(columns: int) -> int:
    """Rows to decode at a time."""
    return max(_FEWEST_ROWS, min(_MOST_ROWS, _CELLS // columns))


def unpacked_bytes(group: Any, names: Collection[str] | None) -> int:
    """Bytes of a row group, or of some of its columns where all together are many."""
    if names is None or group.total_byte_size < _FEW_BYTES:
        return int(group.total_byte_size)
    wanted = set(names)
    columns = (group.column(k) for k in range(group.num_columns))
    return sum(one.total_uncompressed_size for one in columns if one.path_in_schema in wanted)
