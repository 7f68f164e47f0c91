"""pyarrow, which reads Parquet files; the extra ``tables``."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

__all__ = ["import_arrow"]


def import_arrow(path: Path) -> tuple[Any, Any]:
    """Import pyarrow and its module for Parquet.

    Parameters
    ----------
    path : Path
        The file that needs it, for the message.

    Returns
    -------
    pyarrow, pyarrow.parquet : module

    Raises
    ------
    ImportError
        If it is not installed; the message says what to install.
    """
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError(
            f'{path}: Parquet files need pyarrow: pip install "bpnet-xp[tables]"'
        ) from error
