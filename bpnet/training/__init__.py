"""The training loop: step, epoch, fit; its history and its callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lib.lazy import lazy_attributes

if TYPE_CHECKING:
    from .callbacks import (
        Budget,
        Callback,
        Checkpoint,
        CSVLog,
        EarlyStopping,
        HalveOnPlateau,
        KeepBest,
        Progress,
        ReduceOnPlateau,
        TensorBoard,
    )
    from .config import StepConfig
    from .divergence import DivergenceError
    from .fit import Fit
    from .history import History
    from .snapshot import Snapshot, read_checkpoint
    from .state import Counters, TrainingState
    from .step import make_step

__all__ = [
    "Budget",
    "CSVLog",
    "Callback",
    "Checkpoint",
    "Counters",
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
    "TrainingState",
    "make_step",
    "read_checkpoint",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "Budget": "callbacks",
        "CSVLog": "callbacks",
        "Callback": "callbacks",
        "Checkpoint": "callbacks",
        "Counters": "state",
        "DivergenceError": "divergence",
        "EarlyStopping": "callbacks",
        "Fit": "fit",
        "HalveOnPlateau": "callbacks",
        "History": "history",
        "KeepBest": "callbacks",
        "Progress": "callbacks",
        "ReduceOnPlateau": "callbacks",
        "Snapshot": "snapshot",
        "StepConfig": "config",
        "TensorBoard": "callbacks",
        "TrainingState": "state",
        "make_step": "step",
        "read_checkpoint": "snapshot",
    },
)
