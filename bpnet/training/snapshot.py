"""Where a fit stands, in NumPy arrays and what JSON can say; and files of it."""

from __future__ import annotations

import os
import re
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._lib.files import as_path
from ..storage.checkpoints import read_checkpoint_file
from ..storage.safetensors import as_damage
from .snapshot_checks import check_snapshot

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "BEST",
    "Snapshot",
    "checkpoint_name",
    "checkpoints_in",
    "is_checkpoint_name",
    "read_checkpoint",
    "steps_of",
]


class Snapshot(NamedTuple):
    """All that a fit needs to go on from where it was taken, to the same bits.

    Parameters
    ----------
    arrays : dict of str to numpy.ndarray
    header : dict
        Anything that JSON can say.
    """

    arrays: dict[str, np.ndarray[Any, Any]]
    header: dict[str, Any]


def read_checkpoint(path: str | os.PathLike[str], *, previous: bool = False) -> Snapshot:
    """Read what a `Checkpoint` wrote, for ``fit(..., resume=...)``.

    Parameters
    ----------
    path : path
        Of a file; or of a folder, whose newest checkpoint is taken, or ``best.safetensors`` if it
        is the only one.
    previous : bool, optional
        Where a file cannot be read, take the newest one before it that can, and warn of it.

    Returns
    -------
    Snapshot

    Raises
    ------
    FileNotFoundError
        If there is no checkpoint.
    ValueError
        If the file, or with ``previous`` each, is damaged, something else, or from a newer release.

    Examples
    --------
    >>> import tempfile
    >>> import bpnet
    >>> net = bpnet.Network([1, 1], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoint = bpnet.Checkpoint(folder)
    ...     history = net.fit([[0.0]], [[1.0]], epochs=2, batch_size=1, callbacks=[checkpoint])
    ...     snapshot = bpnet.read_checkpoint(folder)
    >>> snapshot.header["epochs"]
    2
    """
    path = as_path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no checkpoint {os.fspath(path)!r}")
    if path.is_dir():
        found = checkpoints_in(path)
        if (path / BEST).exists() and (previous or not found):
            found.insert(0, path / BEST)
        if not found:
            raise FileNotFoundError(f"there is no checkpoint in {os.fspath(path)!r}")
    else:
        before = [one for one in checkpoints_in(path.parent) if steps_of(one) < steps_of(path)]
        found = [*before, path]
    refusals: list[str] = []
    for one in reversed(found if previous else found[-1:]):
        try:
            snapshot = Snapshot(*read_checkpoint_file(one))
            with as_damage(one):
                check_snapshot(*snapshot)
        except (ValueError, OSError) as error:
            if not previous and isinstance(error, OSError):
                raise
            refusals.append(str(error))
        else:
            if refusals:
                warnings.warn(
                    f"the checkpoint {os.fspath(one)!r} is taken: {'; '.join(refusals)}",
                    stacklevel=2,
                )
            return snapshot
    if not previous and len(found) > 1:
        refusals.append("previous=True takes the one before it")
    raise ValueError("; ".join(refusals))


BEST = "best.safetensors"
"""Name of the file of the best epoch's checkpoint."""
_NAME = r"epoch-(\d+)-step-(\d+)\.safetensors"


def checkpoint_name(epochs: int, steps: int) -> str:
    """Name of the file of a checkpoint after so many epochs and steps of a network."""
    return f"epoch-{epochs:04d}-step-{steps:08d}.safetensors"


def steps_of(path: Path) -> float:
    """Steps that the name of a checkpoint says; infinity where it says none."""
    named = re.fullmatch(_NAME, path.name)
    return int(named[2]) if named else np.inf


def is_checkpoint_name(name: str) -> bool:
    """Whether a file of that name is one that `Checkpoint` writes."""
    return name == BEST or re.fullmatch(_NAME, name) is not None


def checkpoints_in(folder: Path) -> list[Path]:
    """A folder's checkpoints, the newest last."""
    return sorted((one for one in folder.iterdir() if re.fullmatch(_NAME, one.name)), key=steps_of)
