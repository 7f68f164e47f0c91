"""Named arrays and texts in a file of the safetensors format."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .._lib.atomic import write_atomically

__all__ = ["damaged", "read_arrays", "write_arrays"]


def write_arrays(
    path: str | os.PathLike[str], arrays: dict[str, np.ndarray[Any, Any]], texts: dict[str, str]
) -> None:
    """Write arrays, and texts into the file's metadata.

    Parameters
    ----------
    path : path
        Its folder must exist.
    arrays : dict of str to numpy.ndarray
    texts : dict of str to str

    Raises
    ------
    OSError
        If the file cannot be written; one that was there is kept.
    """
    from safetensors.numpy import save

    # Safetensors writes the memory behind a view, not the view.
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    write_atomically(path, save(contiguous, texts))


def read_arrays(
    path: str | os.PathLike[str], what: str
) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, str]]:
    """Arrays and texts of a file.

    Parameters
    ----------
    path : path
    what : str
        What the file should be, for messages.

    Returns
    -------
    arrays : dict of str to numpy.ndarray
    texts : dict of str to str

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If the file cannot be read.
    ValueError
        If it is no safetensors file, or is damaged.
    """
    from safetensors import safe_open

    if not os.path.isfile(path):
        raise FileNotFoundError(f"there is no {what} file {os.fspath(path)!r}")
    try:
        with safe_open(path, framework="np") as file:
            texts = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError:
        raise
    except Exception as error:  # safetensors has no error of its own for a dtype NumPy lacks
        raise damaged(path, what, error) from error
    return arrays, texts


def damaged(path: str | os.PathLike[str], what: str, error: Exception) -> ValueError:
    """The error for a file whose content cannot be understood."""
    return ValueError(f"{os.fspath(path)!r} is damaged or no bpnet {what}: {error}")
