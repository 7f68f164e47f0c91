"""What a table is trained with unless something else is asked for."""

from __future__ import annotations

from typing import Any, TypeAlias

from .. import activations, costs, initializers, normalization, optimizers, schedules
from .._lib.constraints import Boolean, Integer
from .._lib.registry import canonical
from ..data import Dataset
from ..metrics import get_all
from .setting_error import SettingError

__all__ = ["TABLES", "Settings", "completed", "with_own_names"]

Settings: TypeAlias = dict[str, Any]
"""Settings of a run by name, as flags and arguments have them; what is not given is not there."""

_COMMON: Settings = {"l2": 0.0, "early_stopping": 0, "best": True, "seed": 0}

_TABLE: Settings = {
    "hidden": [64],
    "activation": "relu",
    "initializer": "auto",
    "optimizer": "adam",
    "learning_rate": 0.001,
    "batch_size": 32,
    "epochs": 200,
    "l2": 1e-3,
    "early_stopping": 20,
}

TABLES: dict[str, Settings] = {
    "classification": {**_TABLE, "cost": "categorical_cross_entropy"},
    "multilabel": {**_TABLE, "cost": "binary_cross_entropy"},
    "regression": {**_TABLE, "cost": "quadratic", "output_activation": "identity"},
}
"""By task."""

_REGISTRIES: dict[str, Any] = {
    "activation": activations,
    "output_activation": activations,
    "cost": costs,
    "initializer": initializers,
    "optimizer": optimizers,
    "schedule": schedules,
}


def with_own_names(settings: Settings) -> Settings:
    """The settings with bpnet's names in place of aliases; raises ValueError for unknown ones."""
    found = dict(settings)
    for name, registry in _REGISTRIES.items():
        if isinstance(found.get(name), str):
            what = "activation" if name == "output_activation" else name
            found[name] = canonical(found[name], registry.BUILT_IN, registry.ALIASES, what)
    if isinstance(found.get("normalization"), str):
        found["normalization"] = normalization.get(found["normalization"].casefold()).name
    metrics = found.get("metrics")
    if isinstance(metrics, str | list | tuple) and all(isinstance(one, str) for one in metrics):
        found["metrics"] = [one.name for one in get_all(metrics)]
    elif metrics is not None:
        found["metrics"] = get_all(metrics)
    return found


def completed(asked: Settings, own: Settings, data: Dataset) -> Settings:
    """Every setting: what was asked for, else the defaults.

    Parameters
    ----------
    asked : dict
    own : dict
        Defaults for data of this kind, such as `TABLES` of its task.
    data : Dataset

    Raises
    ------
    SettingError, ValueError, TypeError
        If settings contradict each other or the data.
    """
    found = {**_COMMON, **own}
    if asked.get("cost", own["cost"]) != own["cost"]:
        found.pop("output_activation", None)  # another cost has its own partner
    if asked.get("optimizer", own["optimizer"]) != own["optimizer"]:
        found["learning_rate"] = optimizers.get(asked["optimizer"]).learning_rate
    if data.validation is None:
        found |= {"early_stopping": 0, "best": False}
    elif asked.get("best") is False:
        found["early_stopping"] = 0
    found |= asked
    Integer(0)("early_stopping", found["early_stopping"])
    Boolean()("best", found["best"])
    if data.validation is None:
        for name in ("early_stopping", "best"):
            if found[name]:
                raise SettingError(f"{{{name}}} needs validation samples, and there are none")
    if found["early_stopping"] and not found["best"]:
        raise SettingError(
            "{early_stopping} goes back to the best epoch, but {best} is off: leave one of the two "
            "out"
        )
    return found
