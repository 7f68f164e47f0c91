"""Pictures of a diagnosis: first weights, worst samples, errors over a fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..._lib.plotting import BLUE, GRAY, RED, make_figure, style_axes

__all__ = ["Worst", "draw_deltas", "draw_first_layer", "draw_worst"]

_MOST_NEURONS, _MOST_WORST = 64, 12
_MOST_BARS = 40


class Worst(NamedTuple):
    """The samples that cost most, the worst first.

    Parameters
    ----------
    rows : list of int
        Their numbers.
    x : array, shape (k, n_0)
    costs : list of float
    titles : list of str
        Target and answer.
    """

    rows: list[int]
    x: NDArray[Any]
    costs: list[float]
    titles: list[str]


def draw_first_layer(w: NDArray[Any]) -> Any:
    """A square image for each neuron, of weights of shape (n_1, n_0).

    Raises
    ------
    ValueError
        If n_0 is no square.
    """
    side = math.isqrt(w.shape[1])
    if side * side != w.shape[1] or side < 2:
        raise ValueError(
            f"weights are drawn as square images, and {w.shape[1]} inputs are no square: "
            "net.weights[0] has them as numbers"
        )
    n = min(len(w), _MOST_NEURONS)
    across = math.ceil(math.sqrt(1.6 * n))
    down = math.ceil(n / across)
    figure, axes = make_figure((0.8 * across + 0.8, 0.8 * down + 0.3), down, across)
    bound = float(np.abs(w[:n]).max()) or 1.0
    image = None
    for k, axis in enumerate(axes):
        axis.set_axis_off()
        if k < n:
            picture = w[k].reshape(side, side)
            image = axis.imshow(picture, cmap="RdBu_r", vmin=-bound, vmax=bound)
    bar = figure.colorbar(image, ax=axes, shrink=0.7)
    bar.outline.set_visible(False)
    if n < len(w):
        figure.supxlabel(f"the first {n} of {len(w)} neurons", fontsize=9)
    return figure


def draw_worst(worst: Worst) -> Any:
    """A panel for each of the samples that cost most."""
    n = min(len(worst.rows), _MOST_WORST)
    across = min(n, 4)
    down = math.ceil(n / across)
    side = math.isqrt(worst.x.shape[1])
    square = side * side == worst.x.shape[1] and side > 2
    figure, axes = make_figure((2.2 * across, 2.4 * down), down, across, shared=not square)
    for k, axis in enumerate(axes):
        if k >= n:
            axis.set_visible(False)
            continue
        if square:
            axis.imshow(worst.x[k].reshape(side, side), cmap="gray_r")
            axis.set_axis_off()
        else:
            values = worst.x[k][:_MOST_BARS]
            axis.bar(range(len(values)), values, color=BLUE)
            axis.axhline(0.0, color=GRAY, linewidth=0.8)
            axis.set_xlabel("input", fontsize=7)
            axis.tick_params(labelsize=7)
            style_axes(axis, legend=False)
        told = f"row {worst.rows[k]}: {worst.titles[k]}\ncost {worst.costs[k]:.3g}"
        axis.set_title(told, fontsize=7, parse_math=False)
    return figure


def draw_deltas(epochs: Sequence[int], deltas: NDArray[Any], updates: NDArray[Any]) -> Any:
    """Length of delta of each layer over the epochs, and how far its weights moved in each.

    Parameters
    ----------
    epochs : sequence of int
        k + 1 of them; nothing has moved in the first.
    deltas : array, shape (k + 1, layers)
    updates : array, shape (k + 1, layers)
    """
    figure, axes = make_figure((9.0, 3.6), 1, 2)
    layers = deltas.shape[1]
    for axis, figures, what in zip(
        axes,
        (deltas, updates),
        ("length of delta", "change of w in the epoch, over w"),
        strict=True,
    ):
        for l in range(layers):
            share = l / max(layers - 1, 1)
            values = np.where(figures[:, l] > 0.0, figures[:, l], np.nan)
            axis.plot(epochs, values, color=_mixed(share), label=f"layer {l + 1}", marker=".")
        if np.isfinite(figures[figures > 0.0]).any():
            axis.set_yscale("log")
        axis.set(xlabel="epoch", ylabel=what)
        axis.xaxis.get_major_locator().set_params(integer=True)
        style_axes(axis, legend=False)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=min(len(labels), 6), frameon=False
    )
    return figure


def _mixed(share: float) -> tuple[float, ...]:
    """A colour between blue, of the first layer, and red, of the last."""
    first, last = (
        np.asarray([int(color[k : k + 2], 16) / 255.0 for k in (1, 3, 5)]) for color in (BLUE, RED)
    )
    return tuple(((1.0 - share) * first + share * last).tolist())
