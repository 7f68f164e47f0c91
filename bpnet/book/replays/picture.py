"""The picture of replayed curves over the published ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..._lib.plotting import make_figure, style_axes
from .programs import Program
from .replay import Curves

__all__ = ["draw"]

_COLORS = ("#4477aa", "#cc6677", "#ddaa33")


def draw(
    programs: Sequence[Program],
    found: Mapping[str, Mapping[str, Curves]],
    published: Mapping[str, Mapping[str, Curves]],
) -> Any:
    """A panel for each program and each thing that it monitors.

    The published curve is a broad pale line, the replayed one a thin dark line with points upon it.

    Parameters
    ----------
    programs : sequence of Program
    found, published : mapping of str to mapping of str to Curves
        By program and arm; of a program that is not published the second has nothing.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message says what to install.
    """
    panels = [
        (one, what)
        for one in programs
        for what in dict.fromkeys(name for arm in one.arms for name in arm.monitored)
    ]
    across = 4 if len(panels) % 4 == 0 else min(3, len(panels))
    down = math.ceil(len(panels) / across)
    figure, axes = make_figure((4.6 * across, 3.7 * down), down, across)
    for axis, (one, what) in zip(axes, panels, strict=False):
        _draw_panel(axis, one, what, found[one.name], published.get(one.name, {}))
    for axis in axes[len(panels) :]:
        axis.set_visible(False)
    return figure


def _draw_panel(
    axis: Any,
    program: Program,
    what: str,
    found: Mapping[str, Curves],
    published: Mapping[str, Curves],
) -> None:
    for arm, color in zip(program.arms, _COLORS, strict=False):
        if what not in arm.monitored:
            continue
        if arm.name in published:
            curve = _in_percent(published[arm.name][what], what, arm.images)
            label = f"{arm.name}, published"
            axis.plot(range(1, len(curve) + 1), curve, color=color, alpha=0.3, lw=6, label=label)
        curve = _in_percent(found[arm.name][what], what, arm.images)
        marker = "o" if len(curve) <= 60 else ""
        label = f"{arm.name}, replayed"
        axis.plot(
            range(1, len(curve) + 1), curve, marker + "-", color=color, lw=1, ms=2.5, label=label
        )
    axis.set_title(program.title, fontsize=9)
    axis.set(xlabel="epoch", ylabel=what + (", %" if what.endswith("accuracy") else ""))
    axis.xaxis.get_major_locator().set_params(integer=True)
    style_axes(axis, legend=False)
    place = "lower right" if what.endswith("accuracy") else "best"
    axis.legend(frameon=False, fontsize=7, loc=place)


def _in_percent(curve: Sequence[float], what: str, images: int) -> list[float]:
    if not what.endswith("accuracy"):
        return list(curve)
    of = images if what.startswith("training") else 10_000
    return [100.0 * count / of for count in curve]
