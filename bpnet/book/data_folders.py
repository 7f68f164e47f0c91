"""Where the book's programs find their data: MNIST, and the book's published results."""

from __future__ import annotations

import os
from pathlib import Path

from .._lib.files import as_path

__all__ = ["mnist_folder", "published_folder"]

_VARIABLE = "BPNET_DATA"
# Seen from where a program runs: the second is the book's own, the third that of this project.
_PLACES = ("data", "../data", "../shared/data")


def mnist_folder(directory: str | os.PathLike[str] | None = None) -> Path:
    """The folder of MNIST's four files.

    Parameters
    ----------
    directory : path, optional
        By default ``mnist`` in a folder of data: that of ``BPNET_DATA``, or ``data``, ``../data``,
        ``../shared/data``.

    Raises
    ------
    FileNotFoundError
        If there is no such folder; the message says where it was looked for, and what to do.
    """
    if directory is not None:
        return as_path(directory, "directory")
    found = _found("mnist")
    if found is None:
        raise FileNotFoundError(
            f"no MNIST: there is no folder {_looked_for('mnist')}; the environment variable "
            f"{_VARIABLE} can name a folder with mnist/train-images-idx3-ubyte.gz and the three "
            "other files"
        )
    return found


def published_folder() -> Path | None:
    """The folder ``book`` of published results, or None."""
    return _found("book")


def _found(name: str) -> Path | None:
    return next((place / name for place in _places() if (place / name).is_dir()), None)


def _looked_for(name: str) -> str:
    return " or ".join(os.fspath(place / name) for place in _places())


def _places() -> list[Path]:
    given = os.environ.get(_VARIABLE)
    return [Path(given)] if given else [Path(place) for place in _PLACES]
