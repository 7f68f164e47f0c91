"""The settings of one run: those asked for, completed by defaults, and as they repeat it."""

from __future__ import annotations

import argparse
import os
from typing import Any

from .. import activations, costs, initializers, optimizers
from .._lib.registry import canonical
from ..data import Dataset
from ..network import Network
from ..optimizers import Optimizer
from .defaults import COMMON, OWN
from .errors import UsageError
from .settings import SETTINGS, Settings
from .settings_file import read_settings

__all__ = ["completed", "given", "make_optimizer", "settled"]

_REGISTRIES: dict[str, Any] = {
    "activation": activations,
    "output_activation": activations,
    "cost": costs,
    "initializer": initializers,
    "optimizer": optimizers,
}

# What a file says of the second is set aside where a flag gives the first: it went with the old.
_GOVERNED = {
    "dataset": ("data_dir", "data", "target", "task", "text", "max_bytes"),
    "data": ("dataset", "data_dir", "target", "task", "text", "max_bytes"),
    "target": ("task",),
    "cost": ("output_activation",),
    "optimizer": ("learning_rate", "momentum"),
    "backend": ("device",),
}


def given(options: argparse.Namespace) -> Settings:
    """What was asked for by flags, and by the file of ``--config`` where no flag says otherwise."""
    flags = {name: value for name, value in vars(options).items() if name in SETTINGS}
    file = read_settings(options.config) if options.config else {}
    for name in flags:
        for governed in _GOVERNED.get(name, ()):
            file.pop(governed, None)
    return _with_own_names({**file, **flags})


def _with_own_names(settings: Settings) -> Settings:
    """The settings with bpnet's names in place of aliases, which a run's files do not have."""
    found = dict(settings)
    for name, registry in _REGISTRIES.items():
        if name in found:
            what = "activation" if name == "output_activation" else name
            found[name] = canonical(found[name], registry.BUILT_IN, registry.ALIASES, what)
    return found


def completed(asked: Settings, kind: str, data: Dataset) -> Settings:
    """Every setting: what was asked for, else the defaults for data of this kind."""
    own = {**COMMON, **OWN[kind]}
    if data.validation is None:
        own["early_stopping"] = 0
    if asked.get("cost", own["cost"]) != own["cost"]:
        own.pop("output_activation", None)  # another cost has its own partner
    if asked.get("optimizer", own["optimizer"]) != own["optimizer"]:
        own["learning_rate"] = optimizers.get(asked["optimizer"]).learning_rate
    return {**own, **asked}


def make_optimizer(settings: Settings) -> Optimizer:
    """The optimizer with its rates."""
    chosen: Any = optimizers.get(settings["optimizer"])
    if "momentum" in settings and not hasattr(chosen, "momentum"):
        raise UsageError(f"--momentum is for momentum and nesterov, not {settings['optimizer']}")
    rates = {name: settings[name] for name in ("learning_rate", "momentum") if name in settings}
    made: Optimizer = type(chosen)(**rates)
    return made


def settled(settings: Settings, net: Network, optimizer: Any) -> Settings:
    """What repeats the run, in the order of the flags, with what was left open filled in."""
    found = {
        **settings,
        "output_activation": net.activations[-1].name,
        "backend": net.backend.name,
        "device": net.device,
        "dtype": net.dtype,
    }
    if hasattr(optimizer, "momentum"):
        found["momentum"] = optimizer.momentum
    if "data" in found:
        found["task"] = net.task
    for name in ("data", "data_dir"):
        if name in found:
            found[name] = os.fspath(found[name].absolute())
    return {name: found[name] for name in SETTINGS if name in found}
