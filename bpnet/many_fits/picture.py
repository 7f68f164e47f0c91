"""The picture of many fits: the curves of each, and their mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._lib.plotting import BLUE, RED, make_figure, style_axes
from ..training import History

__all__ = ["draw_fits"]

_KINDS = {"train": BLUE, "validation": RED}


def draw_fits(histories: Sequence[History]) -> Any:
    """A panel for the cost and each metric, with the curves of all fits.

    Parameters
    ----------
    histories : sequence of History
        Of one epoch at least each, with the same columns.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    columns = [name for name in histories[0].columns if name.partition("_")[0] in _KINDS]
    panels = list(dict.fromkeys(name.partition("_")[2] for name in columns))
    across = min(len(panels), 3)
    down = math.ceil(len(panels) / across)
    figure, axes = make_figure((4.5 * across, 3.6 * down), down, across)
    for axis, what in zip(axes, panels, strict=False):
        for kind, color in _KINDS.items():
            if f"{kind}_{what}" in columns:
                _draw(axis, [history[f"{kind}_{what}"] for history in histories], kind, color)
        axis.set(xlabel="epoch", ylabel=what.replace("_", " "))
        style_axes(axis)
    for axis in axes[len(panels) :]:
        axis.set_visible(False)
    return figure


def _draw(axis: Any, curves: Sequence[Sequence[float]], label: str, color: str) -> None:
    for curve in curves:
        axis.plot(range(1, len(curve) + 1), curve, color=color, alpha=0.3, linewidth=0.8)
    shared = min(map(len, curves))  # a fit that ended early has no figures to average further on
    mean = np.mean([curve[:shared] for curve in curves], axis=0)
    axis.plot(range(1, shared + 1), mean, color=color, label=f"{label}, mean")
