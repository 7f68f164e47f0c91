"""The schedules by name."""

from __future__ import annotations

from typing import Any

from .._lib.registry import canonical
from .base import Rate, Schedule
from .composition import Piecewise, Warmup
from .constant import AnySchedule, Constant
from .cosine import Cosine, CosineRestarts, OneCycle
from .decay import Exponential, InverseTime, Polynomial, StepDecay

__all__ = ["ALIASES", "BUILT_IN", "get"]

BUILT_IN: dict[str, type[Schedule]] = {
    "constant": Constant,
    "step_decay": StepDecay,
    "exponential": Exponential,
    "inverse_time": InverseTime,
    "polynomial": Polynomial,
    "cosine": Cosine,
    "cosine_restarts": CosineRestarts,
    "one_cycle": OneCycle,
    "warmup": Warmup,
    "piecewise": Piecewise,
}
ALIASES = {
    "step": "step_decay",
    "exponential_decay": "exponential",
    "cosine_annealing": "cosine",
    "cosine_decay": "cosine",
    "cosine_annealing_warm_restarts": "cosine_restarts",
}
"""Names that other libraries use."""


def get(schedule: str | Rate, **settings: Any) -> Rate:
    """The schedule of that name with these settings, or the argument if it is one.

    Parameters
    ----------
    schedule : str, float or callable
        A number means `Constant`.
    **settings
        Arguments of the class; only with a name.

    Returns
    -------
    Schedule or callable

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If the settings are not those of the class, or it is neither a name nor a schedule.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.schedules.get("cosine", learning_rate=0.1, steps=1000)
    Cosine(learning_rate=0.1, steps=1000, minimum=0.0)
    """
    if isinstance(schedule, str):
        return BUILT_IN[canonical(schedule, BUILT_IN, ALIASES, "schedule")](**settings)
    if settings:
        raise TypeError(
            f"{', '.join(settings)} cannot be given with a schedule that is made already, "
            f"{schedule!r}: give it to its class"
        )
    found: Rate = AnySchedule()("schedule", schedule)
    return found
