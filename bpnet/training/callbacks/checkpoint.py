"""Write checkpoints, from which a fit can be resumed."""

from __future__ import annotations

import contextlib
import os
import time
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._lib.atomic import remove_leftovers
from ..._lib.constraints import Integer, Number
from ..._lib.files import as_path
from ...storage.checkpoints import write_checkpoint_file
from ...storage.claims import FolderClaim
from ..snapshot import (
    BEST,
    Snapshot,
    checkpoint_name,
    checkpoints_in,
    is_checkpoint_name,
    read_checkpoint,
    steps_of,
)
from .base import Callback
from .monitor import Monitor
from .unwritten import UnwrittenWarnings

if TYPE_CHECKING:
    from pathlib import Path

    from ..fit import Fit

__all__ = ["Checkpoint"]


class Checkpoint(Callback):
    """Write where the fit stands, so that one that is killed can be resumed to the same bits.

    ``fit(..., resume=folder)`` goes on from the newest; see `read_checkpoint`. `load` takes a
    checkpoint's network from it.

    Parameters
    ----------
    folder : path
        Made where it is not there. The files in it are named by epoch and step.
    every_steps : int, optional
        Write after so many mini-batches, within an epoch too. Blocks of steps are made to end
        there.
    every_epochs : int or None, optional
        Write at the end of every so many-th epoch; None for no such checkpoints.
    every_seconds : float, optional
        Write where so much time has passed, at the end of a block of steps.
    keep : int, optional
        How many to keep, the newest.
    best : str, optional
        A column of the history: the checkpoint of the epoch in which it was best is kept as well,
        as ``best.safetensors``. One that is there already is replaced by a better one only, also
        by a resumed fit or another fit of the same network.

    Raises
    ------
    ValueError
        If a setting is out of range; from ``fit``, if there is no such column, if the fit cannot be
        resumed, or if the folder has checkpoints of a fit that came further and is not resumed,
        ``best.safetensors`` included.
    RuntimeError
        From ``fit``, if another fit writes to the folder, in this process or another.
    OSError
        From ``fit``, if the folder cannot be made or written to.

    Warns
    -----
    UserWarning
        If a checkpoint cannot be written, as on a full disk, once for each reason. Those before are
        kept, and the fit goes on.

    Notes
    -----
    A file is complete or not there: it is written under another name, flushed to the disk and
    renamed. While the fit goes on, a lock on the file ``.bpnet.lock`` keeps others from the folder;
    it ends with the process. Parameters that are no longer finite are not written. After Ctrl-C one
    more is written, of that moment, so that nothing is lost. For ``best`` a training column is
    evaluated after each epoch, as with ``evaluate_training=True``.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import bpnet
    >>> x, y = [[0.0], [1.0]], [[1.0], [0.0]]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoint = bpnet.Checkpoint(folder)
    ...     first = bpnet.Network([1, 1], seed=0)
    ...     history = first.fit(x, y, epochs=3, batch_size=1, callbacks=[checkpoint])
    ...     print(*sorted(path.name for path in pathlib.Path(folder).iterdir()), sep="\\n")
    ...     other = bpnet.Network([1, 1], seed=0)
    ...     history = other.fit(
    ...         x, y, epochs=5, batch_size=1, callbacks=[checkpoint], resume=folder
    ...     )
    epoch-0002-step-00000004.safetensors
    epoch-0003-step-00000006.safetensors
    >>> history["epoch"]
    [1, 2, 3, 4, 5]
    """

    last = True  # what the other callbacks made of an epoch is part of it

    per_fit = ("_claim", "_fit")
    first_rank_only = True

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        every_steps: int | None = None,
        every_epochs: int | None = 1,
        every_seconds: float | None = None,
        keep: int = 2,
        best: str | None = None,
    ) -> None:
        self.folder = as_path(folder, "folder")
        self.every_steps = Integer(1, optional=True)("every_steps", every_steps)
        self.every_epochs = Integer(1, optional=True)("every_epochs", every_epochs)
        self.every_seconds = every_seconds
        if every_seconds is not None:
            self.every_seconds = Number(0.0, closed="neither")("every_seconds", every_seconds)
        if not (every_steps or every_epochs or every_seconds or best):
            raise ValueError(
                "no checkpoint would ever be written: set every_steps, every_epochs, every_seconds "
                "or best"
            )
        self.keep = Integer(1)("keep", keep)
        self._best = None if best is None else Monitor("Checkpoint", best, None, 0.0)

    def on_fit_begin(self, fit: Fit) -> None:
        fit.snapshot()  # what has none says so now
        self.folder.mkdir(parents=True, exist_ok=True)
        claim = FolderClaim(self.folder)
        try:
            self._begin(fit)
        except BaseException:
            claim.release()
            raise
        self._claim = claim
        weakref.finalize(fit, claim.release)  # one that is never run is never ended

    def _begin(self, fit: Fit) -> None:
        if self._best is not None:
            self._best.begin(fit, keeps=True)
        steps = fit.steps_done if fit.resumed is None else fit.resumed.header["steps"]
        self._check_folder(steps, fit.resumed is not None)
        self._carry_best_on(steps, fit.resumed is not None)
        remove_leftovers(self.folder, is_checkpoint_name)
        if self.every_steps is not None:
            fit.limit_block(self.every_steps)
        self._written, self._time = steps, time.monotonic()
        self._fit, self._unwritten = weakref.ref(fit), UnwrittenWarnings()

    def on_steps(self, fit: Fit, steps: int) -> None:
        within = fit.step_of_epoch()
        if within is None or within == fit.steps_per_epoch:
            return  # Ctrl-C is no boundary of a run that is not broken off; an epoch's end comes
        if self._due(fit):
            self._write(fit, checkpoint_name(fit.counters.epochs, fit.steps_done))

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        ends = self.every_epochs is not None and row["epoch"] % self.every_epochs == 0
        is_best = self._best is not None and self._best.improves(row)
        names = []
        if ends or self._due(fit):
            names.append(checkpoint_name(row["epoch"], fit.steps_done))
        if is_best:
            names.append(BEST)
        self._write(fit, *names)

    def on_fit_end(self, fit: Fit) -> None:
        # After Ctrl-C nothing else is written. An error leaves no state to go on from.
        unwritten = fit.steps_done != self._written
        try:
            if fit.history.stopped == "interrupted" and not fit.failed and unwritten:
                self._write(fit, checkpoint_name(fit.counters.epochs, fit.steps_done))
        finally:
            self._claim.release()

    def set_state(self, state: dict[str, Any]) -> None:
        if self._best is not None:
            fit = self._fit()
            assert fit is not None
            for row in fit.history:
                self._best.improves(row)

    def seconds(self) -> float:
        """Time since the latest checkpoint, or since the fit began."""
        return time.monotonic() - self._time

    def _due(self, fit: Fit) -> bool:
        """Whether enough steps were done, or enough time has passed, since the latest one."""
        done = fit.steps_done - self._written
        return bool(
            (self.every_steps is not None and done >= self.every_steps)
            or (self.every_seconds is not None and self.seconds() >= self.every_seconds)
        )

    def _write(self, fit: Fit, *names: str) -> None:
        """Write where the fit stands under each of these names; warn of what fails."""
        snapshot: Snapshot | None = None
        for path in (self.folder / name for name in names):
            self._written, self._time = fit.steps_done, time.monotonic()
            try:
                snapshot = snapshot or fit.snapshot()
                if not _is_finite(snapshot):
                    return  # to go on from there would be to diverge
                write_checkpoint_file(path, snapshot.arrays, snapshot.header)
            except Exception as error:  # whatever is wrong, it must not end a fit of days
                self._unwritten.warn(f"the checkpoint {os.fspath(path)!r} was not written", error)
            else:
                self._prune(path)

    def _prune(self, written: Path) -> None:
        """Keep the newest; remove older ones, and those of later steps from an earlier fit."""
        if written.name == BEST:
            return
        with contextlib.suppress(OSError):
            there = checkpoints_in(self.folder)
            newest = [one for one in there if steps_of(one) <= steps_of(written)][-self.keep :]
            for one in set(there) - set(newest):
                one.unlink()

    def _carry_best_on(self, steps: int, resumed: bool) -> None:
        """Let the best checkpoint that is there count; raises if it is another fit's."""
        path = self.folder / BEST
        if not path.exists():
            return
        header = read_checkpoint(path).header
        if not resumed and header["steps"] > steps:
            came = checkpoint_name(header["epochs"], header["steps"]).removesuffix(".safetensors")
            raise ValueError(_further(self.folder, came))
        if self._best is not None and header["history"]:
            row = header["history"][-1]
            if self._best.column not in row:
                raise ValueError(
                    f"{os.fspath(path)!r} is the best of a fit without {self._best.column!r}: its "
                    f"history has {', '.join(row)}. Remove it, or name another folder"
                )
            self._best.improves(row)

    def _check_folder(self, steps: int, resumed: bool) -> None:
        """Raise if a fit that begins anew would replace checkpoints of one that came further."""
        there = checkpoints_in(self.folder)
        if there and not resumed and steps_of(there[-1]) > steps:
            raise ValueError(_further(self.folder, there[-1].stem))


def _is_finite(snapshot: Snapshot) -> bool:
    vectors = [a for key, a in snapshot.arrays.items() if key.startswith(("state", "tally"))]
    return all(np.isfinite(vector).all() for vector in vectors)


def _further(folder: Path, came: str) -> str:
    return (
        f"{os.fspath(folder)!r} has checkpoints of a fit that came to {came}: resume it by "
        f"fit(..., resume={os.fspath(folder)!r}), remove them, or name another folder"
    )
