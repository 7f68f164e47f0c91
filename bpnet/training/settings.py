"""The arguments of `Network.fit` and `Network.step`, checked and completed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from ..backends import Array, Backend
from ..metrics import Metric, get_all
from ..model import Model
from ..optimizers import Optimizer
from .callbacks.base import Callback
from .config import StepConfig
from .samples import check_samples
from .scoring import task_metric

__all__ = [
    "STEP_SETTINGS",
    "check_smoothing",
    "checked_validation",
    "chosen_metrics",
    "step_config",
    "with_progress",
]

STEP_SETTINGS = tuple(name for name in StepConfig.fields if name not in ("weighted", "compute"))
"""The arguments that say how a step is done."""


def step_config(settings: Mapping[str, Any], backend: Backend) -> StepConfig:
    """The settings of a step among others.

    Raises
    ------
    ValueError, TypeError
        If one is out of range.
    """
    chosen = {name: settings[name] for name in STEP_SETTINGS if name in settings}
    config = StepConfig(compute=backend.cast_dtype, **chosen)
    if not isinstance(config.optimizer, Optimizer):
        raise TypeError(f"optimizer must be one of bpnet.optimizers, not {config.optimizer!r}")
    return config


def check_smoothing(label_smoothing: float) -> None:
    """Raise ValueError unless it is a share."""
    if not 0.0 <= label_smoothing < 1.0:
        raise ValueError(
            f"label_smoothing must be at least 0 and less than 1, not {label_smoothing:g}"
        )


def chosen_metrics(metrics: Iterable[Any], model: Model) -> list[Metric]:
    """The metrics asked for, but for the one that a history always has.

    Raises
    ------
    ValueError, TypeError
        If one does not fit the model's task or outputs.
    """
    own = task_metric(model.task).name
    chosen = [one for one in get_all(metrics) if one.name != own]
    for one in chosen:
        one.check(model.task, model.sizes[-1])
    return chosen


def with_progress(callbacks: Iterable[Callback], progress: bool | None) -> list[Callback]:
    """The callbacks, and a progress bar where one is wanted."""
    found = list(callbacks)
    if progress or (progress is None and sys.stderr.isatty()):
        from .callbacks.progress import Progress

        found.append(Progress())
    return found


def checked_validation(
    validation: Any, model: Model, backend: Backend
) -> tuple[Array, Array] | None:
    """Validation samples and targets on the device.

    Raises
    ------
    ValueError, TypeError
        If they are no pair, or do not fit.
    """
    if validation is None:
        return None
    if len(validation) != 2:
        raise ValueError(f"validation must be (x, y), not {len(validation)} things")
    x, y = validation
    return check_samples(model, backend, x, y, ("validation x", "validation y"))
