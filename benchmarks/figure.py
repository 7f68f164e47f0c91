"""The figures that the documentation shows."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .cases import Case
from .report import duration
from .rounds import Measured

__all__ = ["MINE", "growth", "new_figure", "peers"]

MINE, MINE_LIGHT, THEIRS, THEIRS_LIGHT = "#33669a", "#9dbbd8", "#8a8a8a", "#cfcfcf"
LABELS = {
    "bpnet-numpy": "bpnet, NumPy",
    "bpnet-torch": "bpnet, PyTorch",
    "bpnet-jax": "bpnet, JAX",
    "jax-scan": "JAX, jitted scan",
    "jax-step": "JAX, jitted step",
    "torch-eager": "PyTorch, eager",
    "torch-compile": "PyTorch, compiled",
    "sklearn": "scikit-learn",
    "thinc": "Thinc",
    "book": "one sample at a time",
}


def peers(
    folder: Path, cases: Sequence[Case], found: Sequence[Measured], machine: dict[str, Any]
) -> None:
    """``cpu.png`` and ``cpu.svg``: each peer's time in units of the floor, a panel a net."""
    floors = {one.case: one for one in found if one.peer == "floor" and one.rounds}
    ratios = {
        (one.case, one.peer): one.over(floors[one.case])
        for one in found
        if one.rounds and one.case in floors and one.peer in LABELS
    }
    names = [name for name in LABELS if any(peer == name for _, peer in ratios)]
    if not names:
        print("no figure: it shows peers in units of the floor, and those were not both measured")
        return
    nets: dict[str, list[Case]] = {}
    for case in cases:
        if case.name in floors:
            nets.setdefault(case.net, []).append(case)
    figure = new_figure((4.2 * len(nets), 0.8 + 0.46 * len(names)))
    if figure is None:
        return
    panels = figure.subplots(1, len(nets), sharey=True, squeeze=False)[0]
    for axis, of_net in zip(panels, nets.values(), strict=True):
        for k, case in enumerate(of_net):
            _bars(axis, [ratios.get((case.name, name)) for name in names], names, k, len(of_net))
        step = duration(floors[of_net[0].name].median)
        axis.set_title(f"{of_net[0].shape}\nproducts alone: {step} µs a step", fontsize=10)
        axis.axvline(1.0, color="black", linewidth=1)
        axis.set(xscale="log", xlabel="time of a step / time of its matrix products")
        here = {case.name for case in of_net}
        _limits(axis, [ratio for (case, _), ratio in ratios.items() if case in here])
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(axis="y", length=0)
    panels[0].set_yticks(range(len(names)), [LABELS[name] for name in names])
    for label, name in zip(panels[0].get_yticklabels(), names, strict=True):
        label.set_fontweight("bold" if name.startswith("bpnet") else "normal")
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    _legend(figure, list(dict.fromkeys(case.way for case in cases if case.name in floors)))
    figure.supxlabel(_caption(machine), fontsize=7.5, color="#555555")
    for suffix in ("png", "svg"):
        figure.savefig(folder / f"cpu.{suffix}", dpi=150)


def _bars(
    axis: Any, ratios: Sequence[float | None], names: Sequence[str], k: int, count: int
) -> None:
    """The bars of the k-th way to train a net, from the floor on."""
    height = 0.8 / count
    for row, (ratio, name) in enumerate(zip(ratios, names, strict=True)):
        place = row + (k - (count - 1) / 2) * height
        if ratio is None:
            axis.text(1, place, " not measured", va="center", fontsize=7, color="#999999")
            continue
        axis.barh(place, ratio - 1, height * 0.92, left=1, color=_color(name, k))
        text = f" {ratio:.2f}" if ratio < 10 else f" {ratio:.0f}"
        axis.text(max(ratio, 1), place, text, va="center", fontsize=8)


def _limits(axis: Any, ratios: Sequence[float]) -> None:
    """Room for the numbers beside the bars, and ticks at 1, 2, 5, 10, ..."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = min(0.9, 0.8 * min(ratios)), max(2.0, *ratios)
    axis.set_xlim(low, low * (high / low) ** 1.25)
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_locator(NullLocator())


def _color(name: str, k: int) -> str:
    mine = name.startswith("bpnet")
    return ((MINE, MINE_LIGHT) if mine else (THEIRS, THEIRS_LIGHT))[min(k, 1)]


def _legend(figure: Any, ways: Sequence[str]) -> None:
    from matplotlib.legend_handler import HandlerTuple
    from matplotlib.patches import Patch

    marks = [
        tuple(Patch(color=_color(name, k)) for name in ("bpnet", "others"))
        for k in range(len(ways))
    ]
    figure.legend(
        marks,
        ways,
        loc="outside upper center",
        ncols=len(ways),
        frameon=False,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0)},
    )


def growth(folder: Path, record: dict[str, Any], machine: dict[str, Any]) -> None:
    """``growth.png`` and ``growth.svg``: time by batch, width, depth and samples."""
    figure = new_figure((12, 3.4))
    if figure is None:
        return
    sweeps = [name for name in record if name in ("batch", "width", "depth", "samples")]
    lines: list[Any] = []
    for axis, name in zip(figure.subplots(1, len(sweeps)), sweeps, strict=True):
        sweep = record[name]
        lines = [
            axis.loglog(sweep["at"], sweep[f"{who}_us"], "o-", color=color, markersize=4)[0]
            for who, color in (("bpnet", MINE), ("floor", THEIRS))
        ]
        exponents = sweep["exponents"]
        title = f"exponent {exponents['bpnet']:.2f}\nof the products {exponents['floor']:.2f}"
        axis.set_title(title, fontsize=10)
        axis.set(
            xlabel=name, ylabel=f"microseconds {'an epoch' if name == 'samples' else 'a step'}"
        )
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    names = ["bpnet, NumPy", "matrix products alone"]
    figure.legend(lines, names, loc="outside upper center", ncols=2, frameon=False)
    figure.supxlabel(_caption(machine), fontsize=7.5, color="#555555")
    for suffix in ("png", "svg"):
        figure.savefig(folder / f"growth.{suffix}", dpi=150)


def new_figure(size: tuple[float, float]) -> Any:
    """A figure, or None where matplotlib is not installed, which is told."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print("no figure: matplotlib is not installed")
        return None
    return Figure(figsize=size, layout="constrained")


def _caption(machine: dict[str, Any]) -> str:
    shown = ("bpnet", "numpy", "torch", "jax", "scikit-learn", "thinc")
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items() if k in shown)
    today = datetime.datetime.now(datetime.UTC)
    return (
        f"{machine['processor']}, {machine['blas']}; float32, {machine['clock']}\n"
        f"{versions}; {today:%Y-%m-%d}"
    )
