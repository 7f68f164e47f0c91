"""Named arrays and texts in a file of the safetensors format."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from .._lib.atomic import write_atomically
from .._lib.files import check_regular_file
from .._lib.wording import shortened

__all__ = ["as_damage", "damaged", "read_arrays", "write_arrays"]

# The format's own limit, above which no library reads a file.
_LONGEST_HEADER = 100_000_000
# Of which each takes some hundred bytes and microseconds before its content is looked at.
_MOST_ARRAYS = 200_000


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
    ValueError
        If names and texts are more than the format allows.
    """
    from safetensors.numpy import save

    # Safetensors writes the memory behind a view, not the view.
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    content = save(contiguous, texts)
    length = int.from_bytes(content[:8], "little")
    if length > _LONGEST_HEADER:
        raise ValueError(
            f"{os.fspath(path)!r} would have a header of {length:,} bytes, and the format allows "
            f"{_LONGEST_HEADER:,}: keep what is large out of net.metadata"
        )
    write_atomically(path, content)


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

    if os.path.isdir(path) or not os.path.exists(path):
        raise FileNotFoundError(f"there is no {what} file {os.fspath(path)!r}")
    check_regular_file(path)
    _check_lengths(path, what)
    try:
        with safe_open(path, framework="np") as file:
            texts = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError:
        raise
    except Exception as error:  # safetensors has no error of its own for a dtype NumPy lacks
        raise damaged(path, what, error) from error
    return arrays, texts


def _check_lengths(path: str | os.PathLike[str], what: str) -> None:
    """Check what the first bytes promise, before memory is taken for it."""
    with open(path, "rb") as file:
        size, first = os.fstat(file.fileno()).st_size, file.read(8)
        length = int.from_bytes(first, "little")
        if len(first) < 8 or length > size - 8 or length > _LONGEST_HEADER:
            raise damaged(path, what, f"its {size:,} bytes do not begin with a header")
        arrays = file.read(length).count(b'"data_offsets"')
    if arrays > _MOST_ARRAYS:
        raise damaged(path, what, f"it has {arrays:,} arrays, and {_MOST_ARRAYS:,} are allowed")


def damaged(path: str | os.PathLike[str], what: str, error: Exception | str) -> ValueError:
    """The error for a file whose content cannot be understood."""
    reason = shortened(str(error))
    return ValueError(f"{os.fspath(path)!r} is damaged, or not a bpnet {what}: {reason}")


@contextlib.contextmanager
def as_damage(path: str | os.PathLike[str]) -> Iterator[None]:
    """While entered, an error of what a file holds becomes a ValueError that names the file."""
    try:
        yield
    except RecursionError as error:  # it has no more to say than where the stack ended
        raise ValueError(f"{os.fspath(path)!r} is damaged: it is nested too deeply") from error
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        what = shortened(what, 800)  # keys and names can be long, too
        raise ValueError(f"{os.fspath(path)!r} cannot be read, or is damaged: {what}") from error
