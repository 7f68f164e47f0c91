"""The training loop: step, epoch, fit; its history and its callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lib.lazy import lazy_attributes
from .callbacks import PLACES, Callback
from .evaluation import evaluate
from .history import History
from .loop import DivergenceError, Fit
from .snapshot import Snapshot, read_checkpoint
from .step import StepConfig, make_forward, make_step

if TYPE_CHECKING:
    from .callbacks import (
        Budget,
        Checkpoint,
        CSVLog,
        EarlyStopping,
        HalveOnPlateau,
        KeepBest,
        Progress,
        ReduceOnPlateau,
        TensorBoard,
    )

__all__ = [
    "Budget",
    "CSVLog",
    "Callback",
    "Checkpoint",
    "DivergenceError",
    "EarlyStopping",
    "Fit",
    "HalveOnPlateau",
    "History",
    "KeepBest",
    "Progress",
    "ReduceOnPlateau",
    "Snapshot",
    "StepConfig",
    "TensorBoard",
    "evaluate",
    "make_forward",
    "make_step",
    "read_checkpoint",
]

__getattr__ = lazy_attributes(__name__, dict.fromkeys(PLACES, "callbacks"))
