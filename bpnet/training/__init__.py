"""The training loop: step, epoch, fit; its history and its callbacks."""

from .callbacks import Callback, EarlyStopping, Progress
from .history import History
from .loop import DivergenceError, Fit, evaluate, fit, make_forward, make_step

__all__ = [
    "Callback",
    "DivergenceError",
    "EarlyStopping",
    "Fit",
    "History",
    "Progress",
    "evaluate",
    "fit",
    "make_forward",
    "make_step",
]
