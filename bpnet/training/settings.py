"""The arguments of `Network.fit` and `Network.step`, checked and completed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from .._lib.registry import closest
from ..backends import Array, Backend
from ..metrics import Metric, get_all
from ..model import Model
from ..optimizers import Optimizer
from .callbacks.base import Callback
from .config import StepConfig
from .samples import check_samples
from .scores import task_metric

__all__ = [
    "STEP_SETTINGS",
    "checked_validation",
    "chosen_metrics",
    "step_config",
    "with_defaults",
    "with_progress",
]

_CONFIGURED = tuple(name for name in StepConfig.fields if name not in ("weighted", "compute"))
STEP_SETTINGS = (*_CONFIGURED, "label_smoothing", "sample_weight")
"""The arguments of `Network.fit` that concern a single step."""


def with_defaults(
    given: Mapping[str, Any], defaults: Mapping[str, Any], what: str
) -> dict[str, Any]:
    """The settings given, and the defaults of the others.

    Raises
    ------
    TypeError
        If there is no such setting; the message suggests the one that was probably meant.
    """
    for name in given:
        if name not in defaults:
            meant = closest(name, defaults)
            hint = "" if meant is None else f": did you mean {meant!r}?"
            raise TypeError(f"{what} has no argument {name!r}{hint}")
    return {**defaults, **given}


def step_config(settings: Mapping[str, Any], backend: Backend) -> StepConfig:
    """The settings of a step among others.

    Raises
    ------
    ValueError, TypeError
        If one is out of range.
    """
    chosen = {name: settings[name] for name in _CONFIGURED}
    config = StepConfig(compute=backend.cast_dtype, **chosen)
    if not isinstance(config.optimizer, Optimizer):
        raise TypeError(f"optimizer must be one of bpnet.optimizers, not {config.optimizer!r}")
    return config


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
    return [one.for_task(model.task) for one in chosen]


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
