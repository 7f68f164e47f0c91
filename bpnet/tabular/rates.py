"""The optimizer of a run, with a learning rate that may follow a schedule."""

from __future__ import annotations

from typing import Any

from .. import optimizers, schedules
from .._lib.constraints import Integer
from .._lib.wording import shown
from ..optimizers import Optimizer
from ..schedules import Rate, Warmup
from .recipe import Settings
from .setting_error import SettingError

__all__ = ["make_optimizer"]

_TO_THE_END = ("cosine", "polynomial", "one_cycle")
_EVERY = ("step_decay", "exponential", "inverse_time", "cosine_restarts")
_OF_A_SCHEDULE = ("schedule_epochs", "schedule_factor")


def make_optimizer(settings: Settings, rows: int) -> Optimizer:
    """The optimizer that the settings describe.

    Parameters
    ----------
    settings : dict
        Complete ones.
    rows : int
        Samples to train on: with the batch size they say how many steps an epoch has.

    Raises
    ------
    SettingError, ValueError, TypeError
        If a setting is wrong, or nothing takes it.
    """
    chosen: Any = optimizers.get(settings["optimizer"])
    changes = {"learning_rate": _rate(settings, rows)}
    if "momentum" in settings:
        if not hasattr(chosen, "momentum"):
            raise SettingError(
                f"{{momentum}} is for momentum and nesterov, not {settings['optimizer']}"
            )
        changes["momentum"] = settings["momentum"]
    made: Optimizer = chosen.replaced(**changes)
    return made


def _rate(settings: Settings, rows: int) -> Rate:
    """The learning rate: a number, or a schedule counted in steps."""
    name = settings.get("schedule", "constant")
    rate: Rate = settings["learning_rate"]
    per_epoch = -(-rows // Integer(1)("batch_size", settings["batch_size"]))
    epochs = Integer(0)("epochs", settings["epochs"])
    warmup = Integer(0)("warmup", settings.get("warmup", 0))
    if callable(name):
        rate = schedules.get(name)
    elif not isinstance(name, str):
        raise TypeError(
            f"schedule must be a name or a schedule, not {shown(name)}; a constant rate is the "
            "learning_rate"
        )
    elif name != "constant":
        over = _epochs_of(name, settings, max(epochs - warmup, 1))
        options = {"learning_rate": rate, "steps": over * per_epoch}
        if name in ("step_decay", "exponential"):
            options["factor"] = settings.get("schedule_factor", 0.1)
        elif "schedule_factor" in settings:
            raise SettingError(
                f"{{schedule_factor}} is for step_decay and exponential, not {name}: leave it out"
            )
        rate = schedules.get(name, **options)
    if not isinstance(name, str) or name == "constant":
        for other in _OF_A_SCHEDULE:
            if other in settings:
                raise SettingError(
                    f"{{{other}}} goes with {{schedule}} by name, such as step_decay: add it, or "
                    f"leave {{{other}}} out"
                )
    if not warmup:
        return rate
    if name == "one_cycle":
        raise SettingError("one_cycle begins with a warmup of its own: leave {warmup} out")
    if warmup >= epochs:
        raise SettingError(f"{{warmup}} must be less than {{epochs}}, {epochs}, not {warmup}")
    return Warmup(rate, warmup * per_epoch)


def _epochs_of(name: str, settings: Settings, all_epochs: int) -> int:
    """The length of a schedule, or of its period, in epochs."""
    if name not in (*_TO_THE_END, *_EVERY):  # made of other schedules
        also = "; {warmup} N puts a warmup before any of them" if name == "warmup" else ""
        raise SettingError(
            f"{{schedule}} {name} is for Python alone; by name there are constant, "
            f"{', '.join((*_TO_THE_END, *_EVERY))}{also}"
        )
    if "schedule_epochs" in settings:
        given: int = Integer(1)("schedule_epochs", settings["schedule_epochs"])
        return given
    if name in _EVERY:
        raise SettingError(
            f"{{schedule}} {name} needs {{schedule_epochs}} N: the epochs after which the rate "
            + {
                "step_decay": "falls again",
                "exponential": "has fallen by {schedule_factor}",
                "inverse_time": "has fallen to a half",
                "cosine_restarts": "starts again",
            }[name]
        )
    return all_epochs
