"""What a small table is trained with: folds choose, and all rows are trained on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._lib.constraints import Integer
from .._lib.wording import count
from ..compiler.targets.blas import one_thread
from ..data import Dataset
from ..many_fits.processes import each_in_processes, jobs_of, progress_bar
from .class_weights import class_weights
from .epochs_by_folds import EpochsByFolds, epochs_by_folds
from .network import make_network
from .rates import make_optimizer
from .recipe import Settings
from .setting_error import SettingError

__all__ = [
    "CHOSEN_BY_FOLDS",
    "FEWEST_ROWS",
    "SMALL",
    "ChosenByFolds",
    "choose_by_folds",
    "folds_for",
    "for_small_tables",
]

FEWEST_ROWS = 1000
"""With fewer rows to train on, a tenth of them is too few to say when to stop."""

CHOSEN_BY_FOLDS = ("epochs", "l2")
"""The settings that folds choose, the latter unless it is given."""

SMALL: Settings = {"hidden": [256], "epochs": 300}
"""Defaults for these tables, beside those of all tables; the epochs are the most."""

_FOLDS = 5
_L2 = (1e-3, 1e-2, 3e-2)
_WIDE, _TOO_WIDE = 300, 2000  # features, which cost time: a small layer for the first, no folds
_OWN_WAY = (
    *("validation", "validation_share", "group", "time"),  # rows that folds would have to respect
    *("early_stopping", "best"),  # which need validation rows
    "schedule",  # which needs to know the number of epochs
)


class ChosenByFolds(NamedTuple):
    """Settings that folds chose.

    Attributes
    ----------
    settings : dict
        ``epochs`` and ``l2``.
    found : EpochsByFolds
        How the chosen l2 came off.
    folds, rows : int
    """

    settings: Settings
    found: EpochsByFolds
    folds: int
    rows: int

    def in_words(self, way_out: str) -> str:
        """One line, with the option that holds rows out instead."""
        return (
            f"{count(self.settings['epochs'], 'epoch')} and l2 {self.settings['l2']:g} have the "
            f"lowest cost over {self.folds} folds ({self.found.cost:.4g}), so all {self.rows} rows "
            f"are trained on; {way_out} holds some out to stop early instead"
        )


def folds_for(asked: Settings, data: Dataset) -> int:
    """How many folds choose the number of epochs; 0 if held-out rows do, or nothing.

    Parameters
    ----------
    asked : dict
        What was asked for, ``folds`` perhaps.
    data : Dataset
        As it was split by default.

    Raises
    ------
    SettingError, ValueError, TypeError
        If ``folds`` is wrong, or goes with something else that was asked for.
    """
    other = next((name for name in _OWN_WAY if name in asked), None)
    if asked.get("folds") is None:
        rows, features = data.train[0].shape
        if data.validation is not None:
            rows += len(data.validation[0])
        small = 2 * _FOLDS <= rows < FEWEST_ROWS and features <= _TOO_WIDE
        return _FOLDS if small and other is None else 0
    folds: int = Integer(0)("folds", asked["folds"])
    if folds == 1:
        raise SettingError("{folds} 1 leaves no row to train on: give 2 or more, or 0 for none")
    if folds and other is not None:
        raise SettingError(
            f"{{folds}} chooses the number of epochs without held-out rows, so it does not go with "
            f"{{{other}}}: leave one of the two out"
        )
    return folds


def for_small_tables(own: Settings, data: Dataset) -> Settings:
    """The defaults of a table, for one whose epochs folds choose.

    Parameters
    ----------
    own : dict
        Defaults for tables of the task.
    data : Dataset
    """
    wide = data.train[0].shape[1] > _WIDE
    return own | SMALL | ({"hidden": own["hidden"]} if wide else {})


def choose_by_folds(
    settings: Settings,
    asked: Settings,
    data: Dataset,
    folds: int,
    *,
    jobs: int | None = None,
    progress: bool | None = None,
) -> ChosenByFolds:
    """Let folds choose the number of epochs, and l2 unless it was asked for.

    They are computed by NumPy, whatever the network is trained on: small tables take it a second.

    Parameters
    ----------
    settings : dict
        Complete ones; ``epochs`` is the most.
    asked : dict
    data : Dataset
        All its training rows are divided.
    folds : int
    jobs : int, optional
        Processes in which each l2 is tried, -1 for as many as cores; whatever their number, with
        one BLAS thread, and so the same bits. By default none, and as many threads as there are:
        most small tables take less time than processes take to start.
    progress : bool, optional

    Raises
    ------
    ValueError, TypeError, DivergenceError, KeyboardInterrupt
        As `epochs_by_folds`.
    """
    x, y = data.train
    on_numpy = {**settings, "backend": "numpy", "device": None}
    optimizer = make_optimizer(settings, len(x) - len(x) // folds)
    jobs = None if jobs is None else jobs_of(jobs, "jobs")

    def by_folds(l2: float) -> EpochsByFolds:
        return epochs_by_folds(
            lambda: make_network(on_numpy, data),
            x,
            y,
            epochs=settings["epochs"],
            folds=folds,
            strata=y.astype(np.int64) if data.task == "classification" else None,
            seed=settings["seed"],
            sample_weight=None if data.weights is None else data.weights[0],
            settings={
                "batch_size": settings["batch_size"],
                "optimizer": optimizer,
                "l2": l2,
                "class_weight": class_weights(settings.get("class_weight"), data),
            },
            progress=progress if jobs is None or jobs == 1 else False,
        )

    candidates = (settings["l2"],) if "l2" in asked else _L2
    if jobs is None:
        found = [by_folds(l2) for l2 in candidates]
    elif jobs == 1 or len(candidates) == 1:
        with one_thread():
            found = [by_folds(l2) for l2 in candidates]
    else:
        with progress_bar(len(candidates), "folds", "l2", progress) as bar:
            found = each_in_processes(by_folds, candidates, min(jobs, len(candidates)), bar)
    l2, best = min(zip(candidates, found, strict=True), key=lambda one: one[1].cost)
    return ChosenByFolds({"epochs": best.epochs, "l2": l2}, best, folds, len(x))
