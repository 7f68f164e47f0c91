"""The settings of one run: those asked for, and as they repeat it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from ..network import Network
from ..tabular.recipe import Settings, with_own_names
from .settings import OF_TABLES, SETTINGS
from .settings_file import read_settings

__all__ = ["given", "settled"]

_OF_TASK = ("cost", "output_activation", "metrics", "class_weight")
# What a file says of the second is set aside where a flag gives the first: it went with the old.
_GOVERNED = {
    "dataset": ("data_dir", "data", *OF_TABLES, "class_weight"),
    "data": ("dataset", "data_dir", *OF_TABLES, "class_weight"),
    "target": ("task", *_OF_TASK),
    "task": _OF_TASK,
    "validation": ("validation_share",),
    "validation_share": ("validation",),
    "test": ("test_share",),
    "test_share": ("test",),
    "group": ("time",),
    "time": ("group",),
    "cost": ("output_activation",),
    "optimizer": ("learning_rate", "momentum"),
    "schedule": ("schedule_epochs", "schedule_factor"),
    "early_stopping": ("best",),
    "folds": ("validation", "validation_share", "early_stopping", "best", "epochs", "l2"),
    "backend": ("device",),
}
# A column that a flag gives for the first is none of what a file gives for the second.
_CONTRARY = {
    "target": ("drop", "categorical", "numeric"),
    "features": ("drop",),
    "drop": ("categorical", "numeric", "text"),
    "categorical": ("drop", "numeric"),
    "numeric": ("drop", "categorical", "text"),
    "text": ("drop", "numeric"),
}
_ONE_OR_MORE = ("target", "class_weight")


def given(options: argparse.Namespace) -> Settings:
    """What was asked for by flags, and by the file of ``--config`` where no flag says otherwise."""
    flags = {name: value for name, value in vars(options).items() if name in SETTINGS}
    config: Path | None = options.config
    if config is not None and config.is_dir():  # a run's
        config /= "settings.toml"
    file = {} if config is None else read_settings(config)
    for name, value in flags.items():
        for governed in _GOVERNED.get(name, ()):
            file.pop(governed, None)
        for contrary in _CONTRARY.get(name, ()):
            if contrary in file:
                file[contrary] = [column for column in file[contrary] if column not in value]
    if flags.get("best") is False:
        file.pop("early_stopping", None)  # which goes back to the best epoch
    if flags.get("parallel") == "off":
        file.pop("blocks", None)
    return with_own_names({**file, **flags})


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
    for name, value in found.items():
        if SETTINGS[name].kind is Path:
            found[name] = os.fspath(value.absolute())
    for name in _ONE_OR_MORE:
        if len(found.get(name, ())) == 1:
            found[name] = found[name][0]
    return {name: found[name] for name in SETTINGS if name in found}
