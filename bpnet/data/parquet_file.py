"""Parquet files, opened by pyarrow, the extra ``tables``."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from .._lib.files import check_regular_file
from .._lib.install import pip_install
from .damage import damage_named
from .tables.table import check_column_names
from .wording import count

__all__ = ["open_parquet"]


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
