"""Small objects that a fit calls at its moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lib.lazy import lazy_attributes
from .base import Callback

if TYPE_CHECKING:
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

PLACES = {
    "Budget": "budget",
    "CSVLog": "csv_log",
    "Checkpoint": "checkpoint",
    "EarlyStopping": "early_stopping",
    "HalveOnPlateau": "plateau",
    "KeepBest": "keep_best",
    "Progress": "progress",
    "ReduceOnPlateau": "plateau",
    "TensorBoard": "tensorboard",
}
__getattr__ = lazy_attributes(__name__, PLACES)
