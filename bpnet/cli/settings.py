"""The settings of a training run: what each flag, and each key of a file, takes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["ALIASES", "GROUPS", "OF_TABLES", "SETTINGS", "Setting", "add_settings"]


class Setting(NamedTuple):
    """What a flag, and the key of its name in a file, takes."""

    help: str
    metavar: str | None
    kind: type = str
    many: bool = False
    aliases: tuple[str, ...] = ()


GROUPS: dict[str, dict[str, Setting]] = {
    "data": {
        "dataset": Setting("digits (the default; 8 x 8 pixels, in the package) or mnist", "NAME"),
        "data_dir": Setting("folder of the four files of mnist, gzipped or not", "DIR", Path),
        "data": Setting(
            "a table of your own: CSV, JSON lines, Parquet or NPZ; text also as .gz", "FILE", Path
        ),
        "target": Setting("the column of it to predict, or several", "COLUMN", many=True),
        "task": Setting(
            "classification, multilabel or regression; by default seen from the target", "TASK"
        ),
    },
    "columns of a table": {
        "features": Setting(
            "the only columns to predict from; by default all others", "COLUMN", many=True
        ),
        "drop": Setting("columns to leave out, such as ids", "COLUMN", many=True),
        "categorical": Setting(
            "columns of labels, even if they look like numbers", "COLUMN", many=True
        ),
        "numeric": Setting(
            "columns of numbers, even if they look like labels or ids", "COLUMN", many=True
        ),
        "text": Setting(
            "columns to read as text, so that 007 stays 007; the target may be one",
            "COLUMN",
            many=True,
        ),
        "weight": Setting(
            "column that says how much each row counts, in training and in the figures", "COLUMN"
        ),
    },
    "rows of a table": {
        "validation": Setting(
            "another table to validate on, which finds the best epoch", "FILE", Path
        ),
        "validation_share": Setting(
            "share of the rows to validate on in its place (default 0.1); 0 for none", "X", float
        ),
        "test": Setting("another table to test on", "FILE", Path),
        "test_share": Setting(
            "share of the rows to test on in its place (default 0.1); 0 for none", "X", float
        ),
        "group": Setting(
            "column of groups, such as patients, none of which is split between the parts", "COLUMN"
        ),
        "time": Setting(
            "column of dates or numbers: earlier rows are trained on, the latest tested", "COLUMN"
        ),
        "folds": Setting(
            "parts of the rows, each predicted from the others to choose --l2 and the number of "
            "epochs before all rows are trained on; 0 for none (default 5 if there are fewer than "
            "1,000 rows, and no flag says how to validate or stop)",
            "N",
            int,
        ),
    },
    "reading a table": {
        "header": Setting(
            "whether the first row names the columns; --no-header calls them c1, c2, ...",
            None,
            bool,
        ),
        "delimiter": Setting("what divides fields, such as ';' or tab", "CHARACTER"),
        "decimal": Setting("the decimal mark of numbers: . or ,", "CHARACTER"),
        "day_first": Setting(
            "whether 1/2/2021 is the first of February; by default seen from each column",
            None,
            bool,
        ),
        "encoding": Setting("of text files, such as latin-1 (default UTF-8)", "NAME"),
        "missing": Setting(
            "marks of missing values beside the usual ones, such as ? or -999; --missing=-x- where "
            "one looks like a flag",
            "MARK",
            many=True,
        ),
        "max_bytes": Setting(
            "memory that the table may take; by default 64 MiB, or 32 times its file's size",
            "N",
            int,
        ),
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
            "quadratic (or mse), binary_cross_entropy (or cross_entropy, bce), "
            "categorical_cross_entropy (or log_likelihood, nll), huber, absolute (or mae), poisson",
            "NAME",
            aliases=("loss",),
        ),
        "initializer": Setting(
            "of the weights: auto (he_normal before relu and its kin, else glorot_uniform), "
            "standard_normal and scaled_normal (the book's), glorot_normal, he_uniform, "
            "orthogonal, zeros",
            "NAME",
        ),
        "dropout": Setting(
            "share of each hidden layer's neurons that a step leaves out, as 0.2 (default 0)",
            "X",
            float,
        ),
        "normalization": Setting("of the hidden layers: batch or layer (default none)", "NAME"),
        "seed": Setting(
            "of the initial weights, the order of samples and dropout (default 0)", "N", int
        ),
    },
    "training": {
        "optimizer": Setting(
            "sgd, momentum, nesterov, adagrad, rmsprop, adam, amsgrad, adamw, nadam, radam, lion "
            "or muon",
            "NAME",
        ),
        "learning_rate": Setting("the book's eta", "X", float, aliases=("lr",)),
        "momentum": Setting("for momentum and nesterov (default 0.9)", "X", float),
        "schedule": Setting(
            "how the learning rate changes: constant (the default); cosine, polynomial (a straight "
            "line) and one_cycle, over all epochs or --schedule-epochs; step_decay, exponential, "
            "inverse_time and cosine_restarts, every --schedule-epochs",
            "NAME",
        ),
        "schedule_epochs": Setting("length of the schedule, or of its period", "N", int),
        "schedule_factor": Setting(
            "what step_decay and exponential multiply the rate by (default 0.1)", "X", float
        ),
        "warmup": Setting(
            "epochs in which the rate rises from 0, before the schedule (default 0)", "N", int
        ),
        "batch_size": Setting("samples per step", "N", int),
        "epochs": Setting("how often each sample is seen, at most", "N", int),
        "l2": Setting("adds L2/2 * sum of w^2 to the objective: the book's lambda/n", "X", float),
        "class_weight": Setting(
            "balanced (all classes count the same), or weights of classes, as yes=3 no=1",
            "WEIGHT",
            many=True,
        ),
        "metrics": Setting(
            "further figures of each epoch: balanced_accuracy, f1, auc, log_loss, top_5_accuracy; "
            "mae, mse, rmse",
            "NAME",
            many=True,
        ),
        "early_stopping": Setting(
            "stop when the validation cost has not fallen to a new lowest for N epochs; 0: never",
            "N",
            int,
        ),
        "best": Setting(
            "save the model of the best epoch, the one with the lowest validation cost (the "
            "default); --no-best trains all epochs and saves the last one's",
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
        "device": Setting("cpu, cuda (or gpu), cuda:1, for torch also mps and xpu", "NAME"),
        "dtype": Setting("float32 (the default) or float64", "NAME"),
    },
    "several processes": {
        "parallel": Setting(
            "what joins them: mpi, nccl (GPUs of cupy) or torch; serial for one process with the "
            "same bits, off for none (default: mpi under mpiexec, torch under torchrun)",
            "NAME",
        ),
        "blocks": Setting(
            "parts of a mini-batch that are computed alone, so that the bits are the same on any "
            "number of processes (default 4 if there are several); 0 for one part a process, whose "
            "number then decides on the bits",
            "N",
            int,
        ),
    },
}
SETTINGS = {name: setting for group in GROUPS.values() for name, setting in group.items()}
OF_TABLES = (
    "target",
    "task",
    *(name for title, group in GROUPS.items() if title.endswith("a table") for name in group),
)
"""Settings that go with ``data``, a table."""
ALIASES = {alias: name for name, setting in SETTINGS.items() for alias in setting.aliases}
"""Other names of flags and keys; a run's own settings.toml has none of them."""


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
                options |= {"nargs": "*", "action": "extend"} if one.many else {}
            flags = [f"--{each.replace('_', '-')}" for each in (name, *one.aliases)]
            group.add_argument(*flags, dest=name, **options)
