"""The history for TensorBoard."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from .base import Callback

if TYPE_CHECKING:
    from ..fit import Fit

__all__ = ["TensorBoard"]


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
    ImportError
        From ``fit``, if tensorboardX is not installed; it comes with the extra ``tensorboard``.

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([1, 1], seed=0)
    >>> options = {"epochs": 1, "batch_size": 1, "callbacks": [bpnet.TensorBoard("runs/one")]}
    >>> history = net.fit([[0.0]], [[1.0]], **options)  # doctest: +SKIP
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = os.fspath(folder)

    def on_fit_begin(self, fit: Fit) -> None:
        try:
            import tensorboardX  # noqa: F401
        except ImportError as error:
            raise ImportError(
                'TensorBoard needs tensorboardX: pip install "bpnet-xp[tensorboard]"'
            ) from error
        self._writer: Any = None  # no file before all callbacks agreed

    def on_steps(self, fit: Fit, steps: int) -> None:
        self._rate = fit.learning_rate_at(fit.steps_done - 1, fit.rate_factor)

    def on_epoch_end(self, fit: Fit, row: dict[str, Any]) -> None:
        if self._writer is None:
            from tensorboardX import SummaryWriter

            again = row["epoch"] if row["epoch"] > 1 else None
            # Of two files of one second the later would take the other's name.
            own = f".{time.time_ns()}"
            self._writer = SummaryWriter(self.folder, purge_step=again, filename_suffix=own)
        figures = {_tag(column): figure for column, figure in row.items() if column != "epoch"}
        for tag, figure in (*figures.items(), ("learning_rate", self._rate)):
            self._writer.add_scalar(tag, figure, row["epoch"])
        self._writer.flush()

    def on_fit_end(self, fit: Fit) -> None:
        if self._writer is not None:
            self._writer.close()


def _tag(column: str) -> str:
    """``cost/train`` of ``train_cost``: TensorBoard draws what is before the stroke together."""
    kind, _, what = column.partition("_")
    return f"{what}/{kind}" if what else column
