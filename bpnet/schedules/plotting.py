"""Pictures of schedules."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable

from .._lib.plotting import BLUE, make_figure, style_axes
from .._lib.showing import save_or_show
from .base import Rate
from .constant import rate_at

__all__ = ["plot"]


def plot(
    schedules: Rate | Iterable[Rate],
    steps: int,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
) -> None:
    """Draw the learning rate over the steps, one panel per schedule.

    Parameters
    ----------
    schedules : Schedule, callable, or several of them
    steps : int
        Number of steps.
    path : path, optional
        A PNG, SVG or PDF file. Without it the picture is shown, as by `bpnet.History.plot`.
    title : str, optional

    Raises
    ------
    ImportError
        If matplotlib is not installed; it comes with the extra ``plot``.
    """
    each = list(schedules) if isinstance(schedules, Iterable) else [schedules]
    columns = min(len(each), 5)
    rows = math.ceil(len(each) / columns)
    size = 1.5 + 1.9 * columns, 0.5 + 1.8 * rows
    figure, panels = make_figure(size, rows, columns, shared=True)
    for panel, schedule in zip(panels, each, strict=False):
        panel.plot([rate_at(schedule, step) for step in range(steps)], color=BLUE)
        panel.set_title(getattr(schedule, "__name__", type(schedule).__name__), fontsize=9)
        panel.set_ylim(bottom=0.0)
        panel.tick_params(labelsize=8)
        style_axes(panel, legend=False)
    for panel in panels[len(each) :]:
        panel.set_visible(False)
    figure.supxlabel("step", fontsize=9)
    figure.supylabel("learning rate", fontsize=9)
    way_out = "bpnet.schedules.plot(..., path='rates.png')"
    save_or_show(figure, path, title, way_out=way_out)
