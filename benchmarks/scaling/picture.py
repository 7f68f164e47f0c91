"""A record as a picture: ``python -m benchmarks.scaling.picture RECORD.json OUT.png``."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

from .model import Link, StepModel

__all__ = ["draw", "main"]

_PARTS = 4  # what ranks are measured with unless told otherwise


def draw(record: dict[str, Any], path: Path) -> None:
    """Steps by the number of ranks, measured and by the model."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    networks = [one for one in record["networks"].values() if "model" in one]
    figure = Figure(figsize=(3.0 * len(networks), 3.0), layout="constrained")
    FigureCanvasAgg(figure)
    places = figure.subplots(1, len(networks), squeeze=False)[0]
    for axes, found in zip(places, networks, strict=True):
        each, model = found["milliseconds a step"], _model(record, found)
        ranks = sorted(int(n) for n in found["model"]["predicted over measured"])
        ways = {n: f"{n} ranks" if n > 1 else f"1 rank, {_PARTS} blocks" for n in ranks}
        measured = {n: each[way]["step"] for n, way in ways.items()}
        held = found["model"]["held out"]
        fitted = [n for n in ranks if n != held]
        axes.plot(fitted, [measured[n] for n in fitted], "o", color="#4477aa", label="measured")
        axes.plot(held, measured[held], "o", color="#4477aa", mfc="none", label="not fitted to")
        predicted = [1e3 * model.seconds(n) for n in ranks]
        axes.plot(ranks, predicted, color="#bb5566", label="model")
        plain = each["plain, 1 thread"]["step"]
        axes.axhline(plain, ls=":", color="gray", label="plain, 1 thread")
        layers = "-".join(map(str, found["sizes"]))
        axes.set_title(f"{layers}\nbatch {found['batch']}", fontsize=9)
        axes.set_xlabel("ranks")
        axes.set_xticks(ranks)
        axes.set_ylim(0.0)
    first = figure.axes[0]
    first.set_ylabel("milliseconds a step")
    first.legend(fontsize=7, loc="upper left")
    figure.savefig(path, dpi=110)


def _model(record: dict[str, Any], found: dict[str, Any]) -> StepModel:
    sizes = found["sizes"]
    size = 4 * sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    own, samples = (found["model"][f"{what} ms"] / 1e3 for what in ("own", "samples"))
    link = Link(record["link"]["latency"], record["link"]["bandwidth"])
    return StepModel(own, samples, link, size, _PARTS, record["machine"]["cores"])


def main(arguments: list[str]) -> None:
    """Draw the record that the command line names."""
    source, out = map(Path, arguments)
    draw(json.loads(source.read_text(encoding="utf-8")), out)


if __name__ == "__main__":
    main(sys.argv[1:])
