"""Small objects that a fit calls at its moments."""

from __future__ import annotations

from .base import Callback
from .budget import Budget
from .checkpoint import Checkpoint
from .csv_log import CSVLog
from .early_stopping import EarlyStopping
from .keep_best import KeepBest
from .plateau import HalveOnPlateau, ReduceOnPlateau
from .progress import Progress
from .tensorboard import TensorBoard

__all__ = [
    "Budget",
    "CSVLog",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "HalveOnPlateau",
    "KeepBest",
    "Progress",
    "ReduceOnPlateau",
    "TensorBoard",
]
