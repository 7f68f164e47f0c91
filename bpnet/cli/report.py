"""What a training run tells: its data and settings before, its figures after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..data import Dataset
from ..network import Network
from ..tabular.further_figures import further_figures
from ..tabular.recipe import Settings
from ..tabular.report import NETWORK, Report
from ..training import History
from .settings import GROUPS

__all__ = [
    "data_in_words",
    "kept_in_words",
    "listed",
    "score",
    "settings_in_words",
]

_MOST_CLASSES = 10
_OFF_AT_0 = ("l2", "early_stopping", "dropout", "warmup")


def data_in_words(name: str, data: Dataset) -> str:
    """How many samples, features and classes there are."""
    parts = (("train on", data.train), ("validate", data.validation), ("test", data.test))
    samples = ", ".join(f"{len(part[0]):,} to {what}" for what, part in parts if part is not None)
    goal = f"{', '.join(map(repr, data.targets))} to predict"
    if data.classes is not None:
        what = "labels" if data.task == "multilabel" else "classes"
        goal = f"{len(data.classes)} {what}"
        if len(data.classes) <= _MOST_CLASSES:
            goal += f" ({', '.join(str(label) for label in data.classes)})"
    width = data.train[0].shape[1]
    features = f"{width:,} feature{'s' * (width > 1)}"
    return f"data      {name}: samples {samples}; {features}, {goal}"


def settings_in_words(kind: str, asked: Settings, settings: Settings) -> list[str]:
    """What was asked for, and which defaults fill it up."""
    names = [n for title in ("network", "training") for n in GROUPS[title] if n in settings]
    chosen = listed({name: settings[name] for name in names if name in asked})
    defaults = listed({name: settings[name] for name in names if name not in asked})
    lines = {"settings  ": chosen, f"defaults  of {kind}: ": defaults}
    return [start + words for start, words in lines.items() if words]


def listed(settings: Settings) -> str:
    """Settings in one line, without what is off."""
    words = []
    for name, value in settings.items():
        text = " ".join(str(one) for one in value) or "none" if isinstance(value, list) else value
        if name != "best" and (value or name not in _OFF_AT_0):
            words.append(f"{name.replace('_', ' ')} {text}")
    return ", ".join(words)


def kept_in_words(net: Network, history: History) -> str:
    """Which epoch's parameters the model has."""
    epoch = history.best_epoch
    if epoch is None:
        which = f"of epoch {net.epochs}, the last" if net.epochs else "of the start"
        return f"model     {which}"
    row = next(row for row in history if row["epoch"] == epoch)
    own = "r2" if net.task == "regression" else "accuracy"
    figure = in_words(own, row[f"validation_{own}"], decimals=2)
    return (
        f"model     of epoch {epoch}, the best: its validation cost, "
        f"{row['validation_cost']:.4g}, is the lowest ({figure})"
    )


def score(net: Network, data: Dataset, metrics: Iterable[str], report: Report | None) -> str:
    """Accuracy or R^2, and the metrics, on the test samples or what there is in their place.

    What the report says too is taken from it: there is one figure of a name.
    """
    parts = (("test", data.test), ("validation", data.validation), ("train", data.train))
    part, (x, y) = next((name, samples) for name, samples in parts if samples is not None)
    reported: Mapping[str, Any] = {} if report is None else report.judged.figures[NETWORK]
    own = "r2" if net.task == "regression" else "accuracy"
    figures = {own: net.score(x, y)} | further_figures(net, data, x, y, metrics)
    figures |= {name: reported[name] for name in figures if reported.get(name) is not None}
    return f"{part} {', '.join(in_words(name, figure) for name, figure in figures.items())}"


def in_words(name: str, figure: float, decimals: int = 1) -> str:
    """A figure, as "accuracy 97.8 %" or "r2 0.873"."""
    if name.endswith("accuracy"):
        return f"{name.replace('_', ' ')} {100 * figure:.{decimals}f} %"
    text = f"{figure:.4g}" if name in ("mae", "mse", "rmse") else f"{figure:.{decimals + 2}f}"
    return f"{name.replace('_', ' ')} {text}"
