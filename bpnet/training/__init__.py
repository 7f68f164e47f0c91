"""The training loop: step, epoch, fit; its history and its callbacks."""

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
from .evaluation import evaluate
from .history import History
from .loop import DivergenceError, Fit
from .snapshot import Snapshot, read_checkpoint
from .step import Recipe, make_forward, make_step

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
    "Recipe",
    "ReduceOnPlateau",
    "Snapshot",
    "TensorBoard",
    "evaluate",
    "make_forward",
    "make_step",
    "read_checkpoint",
]
