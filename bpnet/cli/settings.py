"""The settings of a training run: from flags, from a file, else the data set's own."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from .. import optimizers
from .._lib.registry import check_name
from ..data import Dataset
from ..network import Network
from ..optimizers import Optimizer
from ._errors import UsageError

__all__ = [
    "OWN",
    "SETTINGS",
    "Settings",
    "add_settings",
    "completed",
    "given",
    "make_optimizer",
    "read_settings",
    "settled",
]

Settings: TypeAlias = dict[str, Any]


class Setting(NamedTuple):
    """What a flag, and the key of its name in a file, takes."""

    help: str
    metavar: str | None
    kind: type = str
    many: bool = False


GROUPS: dict[str, dict[str, Setting]] = {
    "data": {
        "dataset": Setting("digits (the default; 8 x 8 pixels, in the package) or mnist", "NAME"),
        "data_dir": Setting("folder of the four files of mnist, gzipped or not", "DIR", Path),
        "data": Setting("a table of your own: CSV, Parquet or NPZ", "FILE", Path),
        "target": Setting("the column of it to predict", "COLUMN"),
        "task": Setting("classification or regression; by default seen from the target", "TASK"),
        "text": Setting("columns of labels that look like numbers", "COLUMN", many=True),
    },
    "network": {
        "hidden": Setting(
            "neurons of each hidden layer, as 30 30; nothing for none", "N", int, True
        ),
        "activation": Setting(
            "of the hidden layers: sigmoid, tanh, relu, leaky_relu, elu, gelu, gelu_tanh, silu, "
            "softplus, exponential, identity, softmax",
            "NAME",
        ),
        "output_activation": Setting("of the output layer; by default what suits the cost", "NAME"),
        "cost": Setting(
            "quadratic, binary_cross_entropy (or cross_entropy), categorical_cross_entropy (or "
            "log_likelihood), huber, poisson",
            "NAME",
        ),
        "initializer": Setting(
            "of the weights: auto (he_normal before relu and its kin, else glorot_uniform), "
            "standard_normal and scaled_normal (the book's), glorot_normal, he_uniform, "
            "orthogonal, zeros",
            "NAME",
        ),
        "seed": Setting("of the start and of every epoch's order (default 0)", "N", int),
    },
    "training": {
        "optimizer": Setting(
            "sgd, momentum, nesterov, adagrad, rmsprop, adam, amsgrad, adamw, nadam, radam, lion "
            "or muon",
            "NAME",
        ),
        "learning_rate": Setting("the book's eta", "X", float),
        "momentum": Setting("for momentum and nesterov (default 0.9)", "X", float),
        "batch_size": Setting("samples a step", "N", int),
        "epochs": Setting("how often each sample is seen, at most", "N", int),
        "l2": Setting("adds L2/2 * sum of w^2 to the objective: the book's lambda/n", "X", float),
        "early_stopping": Setting(
            "stop when the validation cost has not fallen for N epochs, and go back to its "
            "lowest; 0 for never",
            "N",
            int,
        ),
        "best": Setting(
            "save the parameters of the epoch with the best validation accuracy (or r2), not "
            "those of the last one",
            None,
            bool,
        ),
    },
    "checkpoints": {
        "checkpoint_every": Setting(
            "write a checkpoint for --resume every N epochs (default 1), at most one a second; 0 "
            "for none",
            "N",
            int,
        ),
    },
    "backend": {
        "backend": Setting("numpy (the default), cupy, torch, jax or auto", "NAME"),
        "device": Setting("cpu, cuda, cuda:1, for torch also mps and xpu", "NAME"),
        "dtype": Setting("float32 (the default) or float64", "NAME"),
    },
}
SETTINGS = {name: setting for group in GROUPS.values() for name, setting in group.items()}

COMMON: Settings = {"l2": 0.0, "early_stopping": 0, "best": False, "seed": 0, "checkpoint_every": 1}

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

OWN: dict[str, Settings] = {
    "digits": {
        "hidden": [64],
        "activation": "relu",
        "cost": "categorical_cross_entropy",
        "initializer": "auto",
        "optimizer": "adam",
        "learning_rate": 0.003,
        "batch_size": 32,
        "epochs": 40,
        "l2": 1e-4,
    },
    "mnist": {  # Nielsen, Neural Networks and Deep Learning, ch. 1
        "hidden": [30],
        "activation": "sigmoid",
        "cost": "quadratic",
        "initializer": "standard_normal",
        "optimizer": "sgd",
        "learning_rate": 3.0,
        "batch_size": 10,
        "epochs": 30,
    },
    "classification on tables": {**_TABLE, "cost": "categorical_cross_entropy"},
    "regression on tables": {**_TABLE, "cost": "quadratic", "output_activation": "identity"},
}
"""What a data set, or a table of a task, is trained with unless something else is asked for."""

# What a file says of the second is set aside where a flag gives the first: it went with the old.
_GOVERNED = {
    "dataset": ("data_dir", "data", "target", "task", "text"),
    "data": ("dataset", "data_dir", "target", "task", "text"),
    "target": ("task",),
    "cost": ("output_activation",),
    "optimizer": ("learning_rate", "momentum"),
    "backend": ("device",),
}


def add_settings(parser: argparse.ArgumentParser) -> None:
    """A flag for each setting."""
    for title, settings in GROUPS.items():
        group = parser.add_argument_group(title)
        for name, one in settings.items():
            options: dict[str, Any] = {"help": one.help, "default": argparse.SUPPRESS}
            if one.kind is bool:
                options["action"] = argparse.BooleanOptionalAction
            else:
                options |= {"type": one.kind, "metavar": one.metavar}
                options |= {"nargs": "*"} if one.many else {}
            group.add_argument(f"--{name.replace('_', '-')}", **options)


def given(options: argparse.Namespace) -> Settings:
    """What was asked for by flags, and by the file of ``--config`` where no flag says otherwise."""
    flags = {name: value for name, value in vars(options).items() if name in SETTINGS}
    file = read_settings(options.config) if options.config else {}
    for name in flags:
        for governed in _GOVERNED.get(name, ()):
            file.pop(governed, None)
    return {**file, **flags}


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


def read_settings(path: Path) -> Settings:
    """Settings of a TOML file, each checked; paths in it are relative to its folder."""
    import tomllib

    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    settings = {}
    for name, value in content.items():
        try:
            setting = SETTINGS[check_name(name, SETTINGS, "setting")]
        except ValueError as error:
            raise UsageError(f"{path}: {error}") from error
        values = value if isinstance(value, list) and setting.many else [value]
        if not all(_fits(one, setting.kind) for one in values):
            expected = _WORDS[setting.kind] + " or a list of such" * setting.many
            raise UsageError(f"{path}: {name} must be {expected}, not {value!r}")
        read = [path.parent / one if setting.kind is Path else setting.kind(one) for one in values]
        settings[name] = read if setting.many else read[0]
    return settings


_WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "text",
}


def _fits(value: object, kind: type) -> bool:
    """Whether TOML's value is of that kind; true is no number, but 3 is one like 3.0."""
    if kind is float:
        return type(value) in (int, float)
    return type(value) is (str if kind is Path else kind)
