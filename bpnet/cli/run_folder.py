"""The folder that a training run leaves."""

from __future__ import annotations

import contextlib
import itertools
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from .._lib.atomic import remove_leftovers, write_atomically
from .._lib.constraints import Integer
from .._lib.files import check_regular_file
from ..data import Dataset
from ..network import Network
from ..storage.claims import LOCK_FILE, FolderClaim, InUseError
from ..tabular.recipe import Settings
from ..tabular.run_files import Files, model_files
from ..training import Callback, Checkpoint, Fit, History, Snapshot, read_checkpoint
from ..training.snapshot import is_checkpoint_name
from .errors import UsageError, in_words
from .ranks import Ranks

__all__ = ["RunFolder"]

_HEADER = f"# bpnet {__version__}; bpnet train --config FILE, this one, repeats the run.\n"
_FILES = (
    "settings.toml",
    "history.csv",
    "history.jsonl",
    "curves.png",
    "model.safetensors",
    "report.json",
    "confusion.png",
    "predicted.png",
    "importance.png",
)
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
    inputs : sequence of Path, optional
        What is trained on, and must not be overwritten.
    ranks : Ranks
        Of the run. Rank 0 alone looks at files and writes them; all ranks have what it raises.

    Attributes
    ----------
    unwritten : list of str
        What `save` could not write, each with the reason.

    Raises
    ------
    UsageError
        If the folder is not empty, and is not to be overwritten; when it is made, if it cannot be,
        or another run is in progress in it.

    Notes
    -----
    Use it as a context that is left when the run is saved: until then no other run may write to it.
    """

    def __init__(
        self,
        path: Path | None,
        name: str,
        overwrite: bool,
        resume: bool = False,
        inputs: Sequence[Path] = (),
        *,
        ranks: Ranks,
    ) -> None:
        self._name, self._overwrite, self._resume = name, overwrite, resume
        self._new = path is None
        self.path = path or Path("runs", name)
        self.settings: Settings = {}
        self.unwritten: list[str] = []
        self._undrawn = False
        self._checkpoint: Checkpoint | None = None
        self._claim: FolderClaim | None = None
        self._ranks = ranks
        ranks.on_first(self._check_empty)
        if overwrite:
            ranks.on_first(lambda: self._check_overwritable(inputs))

    def __enter__(self) -> RunFolder:
        if self._resume:  # before its checkpoint is read
            self._ranks.on_first(self._claim_to_resume)
        return self

    def __exit__(self, *error: object) -> None:
        if self._claim is not None:
            self._claim.release()

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
                    f"the run in {self.path} wrote no checkpoints to resume from; --config "
                    f"{self.path / 'settings.toml'} repeats it"
                )
            return [self]
        self._ranks.on_first(lambda: self._note_data(data))
        self._checkpoint = _Checkpoint(self._checkpoints, every_epochs=every)
        return [self, self._checkpoint]

    def latest(self) -> Snapshot | None:
        """Where the run goes on: its latest checkpoint that can be read; None for its begin."""

        def read() -> Snapshot | None:
            try:
                return read_checkpoint(self._checkpoints, previous=True)
            except FileNotFoundError:  # it was killed before the first
                return None

        return self._ranks.of_first(read)

    def on_fit_begin(self, fit: Fit) -> None:
        """Make it, with the settings in it."""
        self._ranks.on_first(self._make)

    def _make(self) -> None:
        try:
            if self._new:
                self._make_new()
            self.path.mkdir(parents=True, exist_ok=True)
            if self._claim is None:
                self._claim_folder()
                if not self._new:
                    self._check_empty()  # another run may have begun, and ended, since
            remove_leftovers(self.path, _FILES.__contains__)
            if not self._resume:
                self._write_settings()  # first: where there is no room, the earlier run stays
                self.finish()
                for name in _FILES[1:]:
                    (self.path / name).unlink(missing_ok=True)
            if self._checkpoint is not None:
                self._checkpoint.folder = self._checkpoints
                self._checkpoints.mkdir(exist_ok=True)
                write_atomically(self._checkpoints / _DATA, self._digest)
        except (OSError, InUseError) as error:
            raise UsageError(f"the run folder cannot be written: {in_words(error)}") from error

    def save(self, net: Network, history: History, title: str) -> None:
        """Write model and history.

        What finds no room is noted in `unwritten`, and the rest is written.
        """
        self.write_all(model_files(net, history, title))

    @property
    def saved(self) -> str:
        """What there is in it, in words."""
        written = [name for name in _FILES if (self.path / name).exists()]
        return f"saved     {self.path}: {', '.join(written)}"

    def write_all(self, files: Files) -> None:
        """Write some of its files; what finds no room is noted in `unwritten`."""
        for name, write in files.items():
            try:
                write(self.path / name)
            except ImportError as error:  # of matplotlib
                if not self._undrawn:
                    warnings.warn(f"no picture was drawn: {error}", stacklevel=2)
                self._undrawn = True
            except OSError as error:
                self.unwritten.append(f"{name} ({error.strerror or error})")

    @property
    def in_words(self) -> str:
        """Where the run is, and what of it could not be written."""
        missing = f", without {', '.join(self.unwritten)}" if self.unwritten else ""
        return f"the run until then is in {self.path}{missing}"

    @property
    def can_resume(self) -> bool:
        """Whether the run has come so far that ``--resume`` goes on with it."""
        return self._checkpoint is not None and (self._checkpoints / _DATA).exists()

    def finish(self) -> None:
        """Remove the checkpoints, which a run that is complete needs no more."""
        if self._checkpoints.is_symlink() or not self._checkpoints.is_dir():
            return

        def written_here(name: str) -> bool:  # what is not bpnet's stays there
            return name == _DATA or is_checkpoint_name(name)

        with contextlib.suppress(OSError):
            claim = FolderClaim(self._checkpoints)
            try:
                remove_leftovers(self._checkpoints, written_here)
                for path in self._checkpoints.iterdir():
                    if written_here(path.name):
                        path.unlink(missing_ok=True)
            finally:
                claim.release()
            self._checkpoints.rmdir()

    @property
    def _checkpoints(self) -> Path:
        return self.path / _CHECKPOINTS

    def _note_data(self, data: Dataset) -> None:
        self._digest = _digest(data)
        if self._resume and self._other_data():
            raise UsageError(
                f"the data have changed since the run in {self.path} began: restore them, or "
                f"begin anew with --config {self.path / 'settings.toml'}"
            )

    def _other_data(self) -> bool:
        path = self._checkpoints / _DATA
        try:
            check_regular_file(path)
        except FileNotFoundError:  # it was killed before it wrote any
            return False
        with path.open("rb") as file:
            return file.read(1000) != self._digest.encode()

    def _claim_to_resume(self) -> None:
        self._claim_folder()
        if (self.path / "model.safetensors").exists() and not self._checkpoints.exists():
            self.__exit__()
            raise UsageError(
                f"the run in {self.path} is finished, so there is nothing to resume; --config "
                f"{self.path / 'settings.toml'} repeats it"
            )

    def _claim_folder(self) -> None:
        try:
            self._claim = FolderClaim(self.path)
        except InUseError as error:
            raise UsageError(str(error)) from error
        except OSError as error:
            raise UsageError(f"the run folder cannot be written: {in_words(error)}") from error

    def _check_empty(self) -> None:
        if not self._new and os.path.lexists(self.path) and not self.path.is_dir():
            raise UsageError(f"{self.path} is no folder: name another --out")
        kept = self._new or self._overwrite or self._resume
        if (
            not kept
            and self.path.is_dir()
            and {one.name for one in self.path.iterdir()} - {LOCK_FILE}
        ):
            raise UsageError(f"{self.path} is not empty: name another --out, or add --overwrite")

    def _check_overwritable(self, inputs: Sequence[Path]) -> None:
        """Raise if what would be deleted is somewhere else, or is trained on."""
        for path in (self.path, self._checkpoints):
            if path.is_symlink():
                raise UsageError(
                    f"--overwrite deletes nothing behind a link, and {path} leads to "
                    f"{path.resolve()}: name another --out, or remove the link"
                )
        for path in (self.path / name for name in _FILES):
            if path.exists() and any(one.exists() and path.samefile(one) for one in inputs):
                raise UsageError(f"--overwrite would delete the data, {path}: name another --out")

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
    for part in (data.train, data.validation, data.test, data.weights):
        for array in part or ():
            if array is None:
                continue
            found.update(f"{array.dtype.str} {array.shape}".encode())
            found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)  # no copy
    return found.hexdigest()
