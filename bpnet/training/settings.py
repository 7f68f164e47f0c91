"""The arguments of `Network.fit` and `Network.step`, checked and completed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from .._lib.arguments import check_arguments
from .._lib.constraints import Boolean
from .._lib.registry import made
from .._lib.wording import described
from ..backends import Backend
from ..metrics import Metric, get_all
from ..model import Model
from ..optimizers import Optimizer
from ..optimizers.registry import get as get_optimizer
from .callbacks.base import Callback
from .config import StepConfig
from .scores import task_metric

__all__ = [
    "STEP_SETTINGS",
    "chosen_metrics",
    "is_solver",
    "names_lbfgs",
    "step_config",
    "with_defaults",
    "with_progress",
]

_HOOKS = [name for name in vars(Callback) if not name.startswith("_")]
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
        If there is no such setting; the message says which one was meant, or where to give it.
    """
    check_arguments(what, given, defaults)
    return {**defaults, **given}


def step_config(settings: Mapping[str, Any], backend: Backend) -> StepConfig:
    """The settings of a step among others.

    Raises
    ------
    ValueError, TypeError
        If one is out of range.
    """
    chosen = {name: settings[name] for name in _CONFIGURED}
    optimizer = settings["optimizer"]
    if is_solver(optimizer):
        raise ValueError(
            "L-BFGS trains on all samples at once, by `fit` alone; an optimizer that takes single "
            "steps is needed here, as 'adam'"
        )
    if not isinstance(optimizer, Optimizer):
        chosen["optimizer"] = get_optimizer(optimizer)
    return StepConfig(compute=backend.cast_dtype, **chosen)


def names_lbfgs(given: Any) -> bool:
    """Whether it is the name of L-BFGS."""
    return isinstance(given, str) and given.casefold().replace("-", "") == "lbfgs"


def is_solver(given: Any) -> bool:
    """Whether it trains by itself: L-BFGS, its class or its name."""
    return names_lbfgs(given) or hasattr(given, "begin_fit")


def chosen_metrics(metrics: Iterable[Any] | None, model: Model) -> list[Metric] | None:
    """The metrics asked for, but for the task's own; None where a history is to have none at all.

    Raises
    ------
    ValueError, TypeError
        If one does not fit the model's task or outputs.
    """
    if metrics is None:
        return None
    own = task_metric(model.task).name
    chosen = [one for one in get_all(metrics) if one.name != own]
    for one in chosen:
        one.check(model.task, model.sizes[-1])
    return [one.for_task(model.task) for one in chosen]


def with_progress(
    callbacks: Iterable[Callback] | Callback | None, progress: bool | None
) -> list[Callback]:
    """The callbacks, and a progress bar where one is wanted.

    Raises
    ------
    TypeError
        If one is no callback, or a class that needs arguments; or if ``progress`` is no bool.
    """
    progress = Boolean(optional=True)("progress", progress)
    if callbacks is None or isinstance(callbacks, Callback | type):
        callbacks = [] if callbacks is None else [callbacks]
    if isinstance(callbacks, str) or not isinstance(callbacks, Iterable):
        raise TypeError(
            f"callbacks must be a list of bpnet.Callback objects, not {described(callbacks)}"
        )
    found = [_callback(one, f"callbacks[{k}]") for k, one in enumerate(callbacks)]
    if progress or (progress is None and sys.stderr.isatty()):
        from .callbacks.progress import Progress

        found.append(Progress())
    return found


def _callback(given: Any, what: str) -> Callback:
    """A callback; or one of a class that was given in its place."""
    one: Callback = made(given, what) if isinstance(given, type) else given
    if not all(hasattr(one, name) for name in _HOOKS):
        hint = ""
        if callable(given) and not isinstance(given, type):
            hint = "; a function becomes one as on_epoch_end(self, fit, row) of a subclass"
        raise TypeError(f"{what} must be a bpnet.Callback, not {described(given)}{hint}")
    return one
