"""The history for TensorBoard."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING, Any

from ..._lib.files import as_path
from ..._lib.install import pip_install
from .base import Callback
from .unwritten import UnwrittenWarnings

if TYPE_CHECKING:
    from ..fit import Fit

__all__ = ["TensorBoard"]

_AT_ONCE = 32  # events, which fit into the buffer of a file together


class TensorBoard(Callback):
    """Write each epoch's figures, and its learning rate, for TensorBoard to show.

    Its scalars are ``cost/train``, ``cost/validation`` and so for each metric, ``seconds`` and
    ``learning_rate``, over the epochs. What an earlier run wrote of epochs that are trained again
    is hidden.

    Parameters
    ----------
    folder : path
        Made where it is not there; ``tensorboard --logdir`` takes it, or one above it.

    Raises
    ------
    NotADirectoryError
        From ``fit``, if the folder is a file.
    ImportError
        From ``fit``, if tensorboardX is not installed; the message says what to install.

    Warns
    -----
    UserWarning
        If events cannot be written, as on a full disk, once for each reason. The fit goes on, and
        the missing ones are written as soon as there is room.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([1, 1], seed=0)
    >>> options = {"epochs": 1, "batch_size": 1, "callbacks": [bpnet.TensorBoard("runs/one")]}
    >>> history = net.fit([[0.0]], [[1.0]], **options)  # doctest: +SKIP
    """

    first_rank_only = True

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = str(as_path(folder, "folder"))

    def on_fit_begin(self, fit: Fit) -> None:
        try:
            import tensorboardX  # noqa: F401
        except ImportError as error:
            raise ImportError(
                f"TensorBoard needs tensorboardX: {pip_install('tensorboardX')}"
            ) from error
        if os.path.exists(self.folder) and not os.path.isdir(self.folder):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), self.folder)
        self._writer: Any = None  # no file before all callbacks agreed
        self._events: list[Any] = []
        self._unwritten = UnwrittenWarnings()

    def on_steps(self, fit: Fit, steps: int) -> None:
        self._rate = fit.learning_rate_at(fit.steps_done - 1, fit.rate_factor)

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        if self._writer is None and not self._events and row["epoch"] > 1:
            self._events.append(_hiding(row["epoch"]))
        figures = {_tag(column): figure for column, figure in row.items() if column != "epoch"}
        figures["learning_rate"] = self._rate
        self._events += [_scalar(tag, figure, row["epoch"]) for tag, figure in figures.items()]
        try:
            self._write()
        except OSError as error:
            self._warn(error)

    def on_fit_end(self, fit: Fit) -> None:
        try:
            if self._events:
                self._write()
            if self._writer is not None:
                self._writer.close()
        except OSError as error:
            self._warn(error)
        self._writer = None

    def _write(self) -> None:
        """Write all events that have not been written, or none where there is no room.

        Not by a `SummaryWriter`: its thread ends at the first error, and adding to its queue then
        blocks for ever. What a flush leaves in the file's buffer, the next flush writes: nothing is
        added before that.
        """
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.record_writer import directory_check

        if self._writer is None:
            directory_check(self.folder)
            # Of two files of one second the later would take the other's name.
            own = f".{time.time_ns()}"
            self._writer = EventsWriter(os.path.join(self.folder, "events"), filename_suffix=own)
        self._writer.flush()
        while self._events:
            for event in self._events[:_AT_ONCE]:
                self._writer.write_event(event)
            del self._events[:_AT_ONCE]
            self._writer.flush()

    def _warn(self, error: OSError) -> None:
        what = f"events for TensorBoard were not written to {self.folder!r}"
        self._unwritten.warn(what, error)


def _scalar(tag: str, figure: float, epoch: int) -> Any:
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.summary import scalar

    return Event(wall_time=time.time(), step=epoch, summary=scalar(tag, figure))


def _hiding(epoch: int) -> Any:
    """An event that hides what an earlier run wrote of this epoch and later ones."""
    from tensorboardX.proto.event_pb2 import Event, SessionLog

    return Event(wall_time=time.time(), step=epoch, session_log=SessionLog(status=SessionLog.START))


def _tag(column: str) -> str:
    """``cost/train`` of ``train_cost``: TensorBoard draws what is before the stroke together."""
    kind, _, what = column.partition("_")
    return f"{what}/{kind}" if what else column
