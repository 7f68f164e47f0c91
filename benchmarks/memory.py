"""Memory of training above its data, and whether it grows."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from .bars import Bar
from .cases import CASES, SEED, Case, from_record, named
from .children import call
from .report import table

__all__ = ["MEGABYTE", "process_status", "run"]

MEGABYTE = 10**6
SLOTS = {"sgd": 0, "adam": 2}
# The history keeps a row of figures an epoch, some hundred bytes.
GROWTH_LIMIT = 1024


def run(threads: int, quick: bool) -> tuple[dict[str, Any], list[Bar]]:
    """Peaks of all cases, and growth over a thousand epochs, each in a child of its own."""
    peaks, bars, rows = {}, [], []
    with tqdm(total=len(CASES) + 1, unit="part", dynamic_ncols=True) as bar:
        for case in CASES:
            bar.set_description(f"peak, {case.name}")
            measured = case.with_steps(3) if quick else replace(case, samples=60_000)
            peaks[case.name] = call(threads, peak, measured.record()) / MEGABYTE
            limit = _limit(case) / MEGABYTE
            bars.append(Bar(f"peak above the data, {case.name}", peaks[case.name], limit, " MB"))
            bar.update()
        bar.set_description("growth")
        growth = call(threads, growth_an_epoch, 200 if quick else 1000)
        bar.update()
    bars.append(Bar("growth an epoch", growth["slope"], GROWTH_LIMIT, " B"))
    rows = [[f"peak above the data, {name}", f"{size:.1f}", "MB"] for name, size in peaks.items()]
    rows.append([f"growth over {growth['epochs']} epochs", f"{growth['total'] / 1e3:.1f}", "kB"])
    return {"peaks_mb": peaks, "growth": growth, "table": table(["", "", ""], rows)}, bars


def _limit(case: Case) -> float:
    slots, activations = SLOTS[case.optimizer], case.batch * sum(case.sizes)
    return 4 * (case.parameters * (2 + slots) + 2 * activations) + 60 * MEGABYTE


def peak(record: dict[str, Any]) -> int:
    """Bytes that an epoch of training needs at most, above data, imports and BLAS's buffers."""
    case = from_record(record)
    x, labels = case.data()
    y = case.one_hot(labels)
    train = _trainer(case, x, y)
    square = np.ones((512, 512), np.float32)
    np.dot(square, square)
    del square
    before = _resident()
    _forget_peak()
    train(1)
    return _peak() - before


def growth_an_epoch(epochs: int) -> dict[str, float]:
    """Resident bytes that each epoch of a tiny problem leaves behind, over the second half."""
    case = named("tiny-adam")[0]
    x, labels = case.data()
    train = _trainer(case, x, case.one_hot(labels))
    sizes = train(epochs)
    half = np.asarray(sizes[epochs // 2 :], float)
    slope = np.polyfit(np.arange(len(half)), half, 1)[0]
    return {"epochs": epochs, "slope": float(slope), "total": float(sizes[-1] - sizes[0])}


def _trainer(case: Case, x: np.ndarray, y: np.ndarray) -> Any:
    """A function that makes a network, trains it, and returns resident bytes after each epoch."""
    import bpnet

    class Watch(bpnet.Callback):
        def __init__(self) -> None:
            self.sizes: list[int] = []

        def on_epoch_end(self, fit: Any, row: dict[str, Any]) -> None:
            self.sizes.append(_resident())

    def train(epochs: int) -> list[int]:
        net = bpnet.Network(
            case.sizes, activations=case.sigma, cost="categorical_cross_entropy", seed=SEED
        )
        optimizer = {"sgd": bpnet.SGD, "adam": bpnet.Adam}[case.optimizer](case.learning_rate)
        watch = Watch()
        net.fit(x, y, epochs=epochs, batch_size=case.batch, optimizer=optimizer, callbacks=[watch])
        return watch.sizes

    return train


def process_status(field: str) -> int | None:
    """A size of this process as Linux tells it, in bytes."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    return None


def _resident() -> int:
    """Resident bytes now; where the system does not say, the peak so far."""
    size = process_status("VmRSS:")
    return _peak() if size is None else size


def _peak() -> int:
    size = process_status("VmHWM:")
    if size is not None:
        return size
    import resource

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024


def _forget_peak() -> None:
    """Make the present size the peak, so that no earlier one hides what follows."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
