"""Pictures of a report: confusion matrix, predicted against true numbers, importances."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._lib.plotting import BLUE, GRAY, make_figure, save_figure, style_axes
from .._lib.wording import shortened
from .importance import Importance

__all__ = ["draw_confusion", "draw_importance", "draw_labels", "draw_pairs"]

_LONGEST_LABEL = 22
_MOST_BARS = 25
_MOST_PANELS = 9
_MOST_WITH_SHARES = 12  # classes, for which a cell has room for two lines
_MOST_WITH_COUNTS = 50
_MOST_NAMED = 60


def draw_confusion(
    counts: NDArray[np.int64],
    classes: Sequence[Any],
    path: str | os.PathLike[str] | None = None,
    title: str = "",
) -> Any:
    """Counts, and their share of each row as colour.

    Parameters
    ----------
    counts : array, shape (classes, classes)
        True classes by row; a further row where there are others.
    classes : sequence
        The label of each.
    path : path, optional
        A PNG, SVG or PDF file; without it the figure is returned.
    title : str, optional
    """
    names = _names(classes)
    rows = names if len(counts) == len(names) else [*names, "(unknown)"]
    return _finished(_confusion(counts, rows, names), path, title)


def draw_labels(
    counts: NDArray[np.int64],
    labels: Sequence[Any],
    path: str | os.PathLike[str] | None = None,
    title: str = "",
) -> Any:
    """Of each label, how many rows with and without it are predicted to have it.

    Parameters
    ----------
    counts : array, shape (labels, 2, 2)
        Without and with the label: the truth by row.
    labels, path, title
        As of `draw_confusion`.
    """
    return _finished(_labels(counts, _names(labels)), path, title)


def draw_pairs(
    true: NDArray[Any],
    predicted: NDArray[Any],
    targets: Sequence[str],
    path: str | os.PathLike[str] | None = None,
    title: str = "",
) -> Any:
    """True numbers across, predicted ones up, a panel for each target.

    Parameters
    ----------
    true, predicted : array, shape (m, targets)
    targets : sequence of str
    path, title
        As of `draw_confusion`.
    """
    return _finished(_pairs(true, predicted, targets), path, title)


def draw_importance(
    importance: Importance, path: str | os.PathLike[str] | None, title: str = ""
) -> Any:
    """A bar for each of the most important columns, with the spread over the tries.

    Parameters
    ----------
    importance : Importance
    path : path or None
        As of `draw_confusion`.
    title : str, optional
    """
    n = min(len(importance.columns), _MOST_BARS)
    figure, (axes,) = make_figure((7.0, 1.4 + 0.28 * n))
    what = {"r2": "$R^2$"}.get(importance.figure, importance.figure)
    scale = 100.0 if importance.figure == "accuracy" else 1.0
    losses, deviations = (
        scale * np.array(one[:n]) for one in (importance.losses, importance.deviations)
    )
    axes.barh(range(n), losses, xerr=deviations, color=BLUE, height=0.7, error_kw={"ecolor": GRAY})
    axes.set_yticks(range(n), _names(importance.columns[:n], 30))
    axes.set_ylim(n - 0.4, -0.6)
    axes.axvline(0.0, color=GRAY, linewidth=0.8)
    unit = " in percentage points" if importance.figure == "accuracy" else ""
    axes.set_xlabel(
        f"loss of {what}{unit} when the column is shuffled\n(mean and standard deviation)"
    )
    if n < len(importance.columns):
        axes.set_title(f"the first {n} of {len(importance.columns)} columns", fontsize=9)
    style_axes(axes, legend=False)
    return _finished(figure, path, title)


def _confusion(counts: NDArray[np.int64], rows: Sequence[str], columns: Sequence[str]) -> Any:
    """Counts and shares are text too where there is room."""
    n = len(counts)
    side = min(max(0.62 * n, 3.0), 14.0) if n <= _MOST_WITH_SHARES else min(0.34 * n + 3.0, 15.0)
    margin = 0.085 * max(map(len, rows)) + 0.6
    figure, (axes,) = make_figure((side + margin + 0.8, side + margin))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    if n <= _MOST_NAMED:
        size = 9 if n <= _MOST_WITH_COUNTS else 7
        axes.set_xticks(range(len(columns)), columns, fontsize=size)
        if max(map(len, columns)) > (3 if n > _MOST_WITH_SHARES else 7):
            steep, end = (90, "center") if n > 6 else (35, "right")
            axes.tick_params(axis="x", labelrotation=steep)
            for label in axes.get_xticklabels():
                label.set_horizontalalignment(end)
        axes.set_yticks(range(n), rows, fontsize=size)
    if n <= _MOST_WITH_COUNTS:
        roomy = n <= _MOST_WITH_SHARES
        for (row, column), number in np.ndenumerate(counts):
            share = shares[row, column]
            if number or roomy:
                text = _short(int(number)) + f"\n{100 * share:.0f} %" * int(roomy and number > 0)
                _write(axes, column, row, text, share, 8 if roomy else 6)
    axes.set(xlabel="predicted", ylabel="true")
    axes.tick_params(length=0)
    bar = figure.colorbar(image, ax=axes, shrink=0.8, label="share of the true class")
    bar.outline.set_visible(False)
    return figure


def _labels(counts: NDArray[np.int64], names: Sequence[str]) -> Any:
    n = len(names)
    named = n <= _MOST_NAMED
    figure, (axes,) = make_figure((4.6, min(1.4 + 0.34 * n, 15.0)))
    totals = np.maximum(counts.sum(axis=2), 1)
    shares = np.stack([counts[:, 1, 1] / totals[:, 1], counts[:, 0, 1] / totals[:, 0]], axis=1)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    axes.set_xticks([0, 1], ["rows with the label", "rows without it"], fontsize=8)
    axes.set_yticks(range(n) if named else [], names if named else [], fontsize=8)
    for row in range(n) if named else ():
        for column, truth in enumerate((1, 0)):
            share = shares[row, column]
            marked, all_of_them = int(counts[row, truth, 1]), int(counts[row, truth].sum())
            text = f"{_short(marked)} of {_short(all_of_them)}"
            _write(axes, column, row, text, share, 7)
    axes.set_title("predicted to have the label", fontsize=9)
    axes.tick_params(length=0)
    return figure


def _pairs(true: NDArray[Any], predicted: NDArray[Any], targets: Sequence[str]) -> Any:
    """With the line on which both are equal."""
    n = min(len(targets), _MOST_PANELS)
    across = min(n, 3)
    down = math.ceil(n / across)
    figure, axes = make_figure((4.4 * across, 4.2 * down), down, across)
    for k, axis in enumerate(axes):
        if k >= n:
            axis.set_visible(False)
            continue
        both = np.concatenate([true[:, k], predicted[:, k]])
        both = both[np.isfinite(both)]
        low, high = (float(both.min()), float(both.max())) if both.size else (0.0, 1.0)
        margin = 0.04 * (high - low) or 0.5
        limits = (low - margin, high + margin)
        axis.plot(limits, limits, color=GRAY, linewidth=1.0, label="exact")
        size = 14 if len(true) < 300 else 6
        axis.scatter(true[:, k], predicted[:, k], s=size, color=BLUE, alpha=0.5, linewidths=0)
        axis.set(xlim=limits, ylim=limits, aspect="equal", xlabel="true", ylabel="predicted")
        axis.set_title(shortened(targets[k], 40), fontsize=9, parse_math=False)
        style_axes(axis, legend=False)
    return figure


def _write(axes: Any, column: int, row: int, text: str, share: float, size: int) -> None:
    """Text in a cell, readable on the colour of its share."""
    color = "white" if share > 0.55 else "black"
    axes.text(column, row, text, ha="center", va="center", fontsize=size, color=color)


def _names(labels: Sequence[Any], longest: int = _LONGEST_LABEL) -> list[str]:
    """Labels in one line each, not longer than there is room for, and no formulas."""
    texts = (" ".join(str(label).split()) or "(empty)" for label in labels)
    return [shortened(text, longest).replace("$", r"\$") for text in texts]


def _short(number: int) -> str:
    """A count of at most four characters or so."""
    if number < 10_000:
        return str(number)
    return f"{number / 1000:.0f}k" if number < 10**6 else f"{number / 10**6:.1f}M"


def _finished(figure: Any, path: str | os.PathLike[str] | None, title: str) -> Any:
    if path is None:
        if title:
            figure.suptitle(title, fontsize=10)
        return figure
    save_figure(figure, path, title)
    return None
