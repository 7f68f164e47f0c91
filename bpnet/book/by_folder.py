"""For programs that have this folder on ``sys.path``: its modules are those of the package.

They are then one and the same module, however they are imported.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

__all__ = ["replace_module"]


def replace_module(name: str, file: str) -> None:
    """Put the package's module of a file in the place of the one that is being imported.

    Parameters
    ----------
    name : str
        What it is imported as.
    file : str
    """
    path = Path(file).resolve()
    folder = str(path.parents[2])
    sys.path.insert(0, folder)  # before any other bpnet that may be installed
    try:
        sys.modules[name] = importlib.import_module(f"bpnet.book.{path.stem}")
    finally:
        sys.path.remove(folder)
