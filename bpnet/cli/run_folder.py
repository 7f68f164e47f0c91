"""The folder that a training run leaves."""

from __future__ import annotations

import contextlib
import itertools
import warnings
from pathlib import Path
from typing import Any

from .. import __version__
from .._lib.atomic import write_atomically
from .._lib.constraints import Integer
from ..data import Dataset
from ..network import Network
from ..training import Callback, Checkpoint, Fit, History, Snapshot, read_checkpoint
from .errors import UsageError, in_words
from .settings import Settings

__all__ = ["RunFolder"]

_HEADER = f"# bpnet {__version__}; bpnet train --config FILE, this one, repeats the run.\n"
_FILES = ("settings.toml", "history.csv", "history.jsonl", "curves.png", "model.safetensors")
_CHECKPOINTS, _DATA = "checkpoints", "data.blake2b"
_PAUSE = 1.0  # seconds between two checkpoints: they are written to save more time than they take


class _Checkpoint(Checkpoint):
    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        if self.seconds() >= _PAUSE:
            super().on_epoch_end(fit, row)


class RunFolder(Callback):
    """A folder, made when the settings have proved good and before the first step of training.

    Parameters
    ----------
    path : Path or None
        None for the first of ``runs/NAME-1``, ``runs/NAME-2``, ... that does not exist.
    name : str
    overwrite : bool
        Whether an earlier run in it is replaced.
    resume : bool
        Whether the run in it goes on.

    Raises
    ------
    UsageError
        If the folder is not empty, and is not to be overwritten; when it is made, if it cannot be.
    """

    def __init__(self, path: Path | None, name: str, overwrite: bool, resume: bool = False) -> None:
        self._name, self._overwrite, self._resume = name, overwrite, resume
        self._new = path is None
        self.path = path or Path("runs", name)
        self.settings: Settings = {}
        self._checkpoint: Checkpoint | None = None
        if resume and (self.path / "model.safetensors").exists() and not self._checkpoints.exists():
            raise UsageError(f"the run in {path} is finished: there is nothing to resume")
        kept = overwrite or resume
        if path is not None and not kept and path.is_dir() and any(path.iterdir()):
            raise UsageError(f"{path} is not empty: name another --out, or add --overwrite")

    def watchers(self, data: Dataset, every: int) -> list[Callback]:
        """Itself and, where there are to be any, what writes checkpoints.

        Parameters
        ----------
        data : Dataset
        every : int
            Epochs from one checkpoint to the next; 0 for none.

        Raises
        ------
        UsageError
            If a run is to go on with other data than it had, or wrote no checkpoints.
        ValueError
            If ``every`` is negative.
        """
        if not Integer(0)("checkpoint_every", every):
            if self._resume:
                raise UsageError(
                    f"the run in {self.path} wrote no checkpoints; --config "
                    f"{self.path / 'settings.toml'} repeats it"
                )
            return [self]
        self._digest = _digest(data)
        with contextlib.suppress(FileNotFoundError):
            if self._resume and (self._checkpoints / _DATA).read_text() != self._digest:
                raise UsageError(
                    f"the data are no longer those that the run in {self.path} began with"
                )
        self._checkpoint = _Checkpoint(self._checkpoints, every_epochs=every)
        return [self, self._checkpoint]

    def latest(self) -> Snapshot | None:
        """Where the run goes on: its latest checkpoint that can be read; None for its begin."""
        try:
            return read_checkpoint(self._checkpoints, previous=True)
        except FileNotFoundError:  # it was killed before the first
            return None

    def on_fit_begin(self, fit: Fit) -> None:
        """Make it, with the settings in it."""
        try:
            if self._new:
                self._make_new()
            self.path.mkdir(parents=True, exist_ok=True)
            if not self._resume:
                self.finish()
                for name in _FILES:
                    (self.path / name).unlink(missing_ok=True)
                self._write_settings()
            if self._checkpoint is not None:
                self._checkpoint.folder = self._checkpoints
                self._checkpoints.mkdir(exist_ok=True)
                write_atomically(self._checkpoints / _DATA, self._digest)
        except OSError as error:
            raise UsageError(f"the run folder cannot be written: {in_words(error)}") from error

    def save(self, net: Network, history: History, title: str) -> str:
        """Write everything else; returns what there is now, in words."""
        net.save(self.path / "model.safetensors")
        if len(history):
            history.to_csv(self.path / "history.csv")
            history.to_jsonl(self.path / "history.jsonl")
            try:
                history.plot(self.path / "curves.png", title)
            except ImportError as error:
                warnings.warn(f"no picture was drawn: {error}", stacklevel=2)
        written = [name for name in _FILES if (self.path / name).exists()]
        return f"saved     {self.path}: {', '.join(written)}"

    def finish(self) -> None:
        """Remove the checkpoints, which a run that is complete needs no more."""
        with contextlib.suppress(OSError):  # what is not bpnet's stays there
            for path in (*self._checkpoints.glob("*.safetensors"), self._checkpoints / _DATA):
                path.unlink(missing_ok=True)
            self._checkpoints.rmdir()

    @property
    def _checkpoints(self) -> Path:
        return self.path / _CHECKPOINTS

    def _write_settings(self) -> None:
        import tomli_w

        text = _HEADER + tomli_w.dumps(self.settings)
        write_atomically(self.path / "settings.toml", text)

    def _make_new(self) -> None:
        for number in itertools.count(1):
            self.path = Path("runs", f"{self._name}-{number}")
            try:
                self.path.mkdir(parents=True)
            except FileExistsError:
                if not self.path.exists():  # a part of the path is a file
                    raise
            else:
                return


def _digest(data: Dataset) -> str:
    """A digest of all samples as they are trained on."""
    import hashlib

    found = hashlib.blake2b(repr((data.task, data.classes, data.features)).encode(), digest_size=16)
    for part in (data.train, data.validation, data.test):
        for array in part or ():
            found.update(f"{array.dtype.str} {array.shape}".encode())
            found.update(array.tobytes())
    return found.hexdigest()
