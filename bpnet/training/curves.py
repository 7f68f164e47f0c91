"""The picture of a history: how costs and metrics went, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .._lib.plotting import BLUE, GRAY, RED, make_figure, style_axes

__all__ = ["draw_curves"]

_LABELS = {"r2": "$R^2$", "auc": "AUC", "f1": "F1", "mae": "MAE", "mse": "MSE", "rmse": "RMSE"}
_KINDS = {"train": BLUE, "validation": RED}
_FAR = 20.0  # a figure that falls by this factor is drawn on a log scale
_LOWEST_R2 = -1.0  # what is below is far worse than the mean: where exactly does not matter


def draw_curves(history: Mapping[str, Sequence[Any]], best_epoch: int | None = None) -> Any:
    """A panel for the cost and for each metric, with one legend.

    Parameters
    ----------
    history : mapping of str to sequence
        The columns of a `History`, of at least one epoch.
    best_epoch : int, optional
        To be marked.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    split = [column.partition("_") for column in history]
    panels = list(dict.fromkeys(what for kind, _, what in split if kind in _KINDS))
    across = 2 if len(panels) in (2, 4) else min(len(panels), 3)
    down = math.ceil(len(panels) / across)
    figure, axes = make_figure((4.5 * across, 3.6 * down), down, across)
    for axis, what in zip(axes, panels, strict=False):
        _draw(axis, history, best_epoch, what)
    for axis in axes[len(panels) :]:
        axis.set_visible(False)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    return figure


def _draw(axis: Any, history: Mapping[str, Sequence[Any]], best: int | None, what: str) -> None:
    epochs, seen = history["epoch"], []
    for kind, color in _KINDS.items():
        if f"{kind}_{what}" in history:
            figures = history[f"{kind}_{what}"]
            axis.plot(
                epochs, figures, color=color, label=kind, marker="o" if len(epochs) == 1 else ""
            )
            seen.append(figures)
    if best is not None:
        label = f"best epoch ({best:,})"
        axis.axvline(best, color=GRAY, linestyle=":", label=label, zorder=1)
        if len(epochs) > 1:
            axis.plot(best, seen[-1][epochs.index(best)], "o", color=GRAY, markersize=4)
    axis.set(xlabel="epoch", ylabel=_LABELS.get(what, what.replace("_", " ")))
    axis.xaxis.get_major_locator().set_params(integer=True)
    if len(epochs) == 1:
        axis.set_xlim(epochs[0] - 1, epochs[0] + 1)
    if _goes_far(seen):
        axis.set_yscale("log")
    elif what == "r2":
        _cut_off(axis, max(max(figures) for figures in seen))
    style_axes(axis, legend=False)


def _cut_off(axis: Any, highest: float) -> None:
    """Leave out what is far below, so that the rest is seen."""
    if axis.get_ylim()[0] < _LOWEST_R2 < highest:
        axis.set_ylim(_LOWEST_R2, highest + 0.05 * (highest - _LOWEST_R2))


def _goes_far(curves: Sequence[Sequence[float]]) -> bool:
    """Whether figures fall far, or explode; shares, such as the accuracy, rise far at most."""
    finite = [figure for figures in curves for figure in figures if math.isfinite(figure)]
    if not finite or min(finite) <= 0 or max(finite) <= _FAR * min(finite):
        return False
    return max(finite) > 1 or any(figures[-1] < figures[0] for figures in curves)
