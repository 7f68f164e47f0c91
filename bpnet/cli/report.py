"""What a training run tells: its data and settings before, its figures after."""

from __future__ import annotations

from typing import Any

from ..data import Dataset
from ..network import Network
from ..training import History, KeepBest
from .settings import GROUPS, Settings

__all__ = [
    "best_in_words",
    "data_in_words",
    "kept_in_words",
    "listed",
    "score",
    "settings_in_words",
]

_MOST_CLASSES = 10


def data_in_words(name: str, data: Dataset) -> str:
    """How many samples, features and classes there are."""
    parts = (("train on", data.train), ("validate", data.validation), ("test", data.test))
    samples = ", ".join(f"{len(part[0]):,} to {what}" for what, part in parts if part is not None)
    goal = f"{data.target!r} to predict"
    if data.classes is not None:
        goal = f"{len(data.classes)} classes"
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
        if value is not False and (value or name not in ("l2", "early_stopping")):
            words.append(f"{name.replace('_', ' ')} {text}")
    return ", ".join(words)


def score(net: Network, x: Any, y: Any, decimals: int = 1) -> str:
    """Accuracy or R^2 over samples, as "accuracy 97.8 %" or "r2 0.873"."""
    if net.task != "regression":
        return f"accuracy {100 * net.accuracy(x, y):.{decimals}f} %"
    return f"r2 {net.score(x, y):.{decimals + 2}f}"


def best_in_words(best: KeepBest, net: Network, data: Dataset) -> str:
    """The best validation epoch, and how the test samples are judged with its parameters."""
    with best.restored():
        figures = [
            f"{part} {score(net, *samples, decimals=2)}"
            for part, samples in (("validation", data.validation), ("test", data.test))
            if samples is not None
        ]
    return f"best      epoch {best.epoch}: {', '.join(figures)}"


def kept_in_words(net: Network, history: History, best: KeepBest | None) -> str:
    """Which epoch's parameters the model file has."""
    if best is not None and history.best_epoch == best.epoch is not None:
        which = f"of epoch {best.epoch}, the best on validation"
    elif history.best_epoch is not None:
        which = f"of epoch {history.best_epoch}, with the lowest validation cost"
    elif history.stopped == "interrupted":
        which = "of the moment of the interruption"
    else:
        which = f"of epoch {net.epochs}, the last" if net.epochs else "of the start"
    if best is not None and best.epoch not in (None, history.best_epoch, net.epochs):
        which += f"; --best saves those of epoch {best.epoch}"
    return f"          the model has the parameters {which}"
