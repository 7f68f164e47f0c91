"""Training from a file of 20 times the allowed memory: how fast, and within how much."""

from __future__ import annotations

import statistics
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from .bars import Bar
from .cases import CASES, SEED, Case, from_record
from .children import call
from .clock import seconds_of
from .memory import MEGABYTE, process_status
from .report import duration, table

__all__ = ["run"]

TIMES = 20  # the file over the allowed memory
SLOWER = 1 / 0.8
# Rows of 784 numbers: a file of 1.3 GB, and one for a first impression.
SAMPLES, FEW = 400_000, 60_000
_NETS = [next(c for c in CASES if c.name == f"{net}-sgd") for net in ("small", "middle")]


def run(threads: int, quick: bool) -> tuple[dict[str, Any], list[Bar]]:
    """Both nets, each on samples in memory and on the same from a file, in turns."""
    record: dict[str, Any] = {}
    bars, rows = [], []
    allowed = SAMPLES * _NETS[0].sizes[0] * 4 // TIMES
    with (
        tempfile.TemporaryDirectory() as folder,
        tqdm(total=2 * len(_NETS) + 1, unit="part", dynamic_ncols=True) as bar,
    ):
        samples = FEW if quick else SAMPLES
        bar.set_description("the file")
        call(threads, write, samples, folder)
        bar.update()
        for base in _NETS:
            case = replace(base, samples=samples)
            bar.set_description(f"speed, {case.net} net")
            found = call(threads, speed, case.record(), folder, allowed, 2 if quick else 5)
            bar.update()
            bar.set_description(f"memory, {case.net} net")
            found["peak_mb"] = call(threads, peak, case.record(), folder, allowed) / MEGABYTE
            bar.update()
            record[case.net] = found
            ratio = found["streamed"] / found["in_memory"]
            bars.append(Bar(f"{case.net} net: streamed over in memory", ratio, SLOWER))
            bars.append(
                Bar(
                    f"{case.net} net: anonymous memory of streaming, above the start",
                    found["peak_mb"],
                    allowed / MEGABYTE,
                    " MB",
                )
            )
            rows += [
                [f"{case.shape}: {way.replace('_', ' ')}", duration(found[way]), "us"]
                for way in ("in_memory", "streamed", "streamed_without_a_thread")
            ]
    return record | {"table": table(["microseconds a step", "median", ""], rows)}, bars


def write(samples: int, folder: str) -> None:
    """Samples and labels as NPY files."""
    x, labels = replace(_NETS[0], samples=samples).data()
    for name, array in (("x", x), ("y", labels)):
        np.save(Path(folder) / f"{name}.npy", array)


def speed(record: dict[str, Any], folder: str, allowed: int, rounds: int) -> dict[str, float]:
    """Microseconds a step in memory and streamed, epochs of each in turns."""
    from bpnet.training.feeds import MemoryFeed

    case = from_record(record)
    x, labels = (np.load(Path(folder) / f"{name}.npy") for name in "xy")
    y = case.one_hot(labels)
    feed = MemoryFeed(x, y, batch_size=case.batch, seed=SEED)
    ways = {
        "in_memory": _fit(case, _trainable(case), feed),
        "streamed": _streamed(case, folder, allowed),
        "streamed_without_a_thread": _streamed(case, folder, allowed, prefetch=False),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for k in range(rounds + 1):
        for name, fit in ways.items():
            took = seconds_of(fit.epoch)
            if k:  # the first makes plans
                times[name].append(1e6 * took / case.steps)
    return {name: statistics.median(each) for name, each in times.items()}


def peak(record: dict[str, Any], folder: str, allowed: int) -> int:
    """Bytes of anonymous memory that an epoch from the file takes at most, above the start."""
    case = from_record(record)
    square = np.ones((512, 512), np.float32)
    np.dot(square, square)  # BLAS makes its buffers
    before = process_status("RssAnon:") or 0
    fit = _streamed(case, folder, allowed)
    sizes, over = [before], threading.Event()

    def watch() -> None:
        while not over.wait(0.002):
            sizes.append(process_status("RssAnon:") or 0)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        fit.epoch()
    finally:
        over.set()
        watching.join()
    return max(sizes) - before


def _streamed(case: Case, folder: str, allowed: int, prefetch: bool = True) -> Any:
    """A fit on the file; two thirds of what is allowed are for samples."""
    from bpnet.data import NpySource
    from bpnet.training.samples import SamplePreparer
    from bpnet.training.streaming import StreamFeed, rows_within

    trainable = _trainable(case)
    check = SamplePreparer(trainable)

    def prepare(x: Any, y: Any) -> Any:
        x, y = check(x, y)
        return x, y, y

    feed = StreamFeed(
        NpySource(Path(folder) / "x.npy", Path(folder) / "y.npy"),
        prepare,
        batch_size=case.batch,
        seed=SEED,
        buffer_rows=rows_within(2 * allowed // 3, case.sizes[0] + case.sizes[-1]),
        scope=trainable.backend.uploads().scope,
        prefetch=prefetch,
    )
    return _fit(case, trainable, feed)


def _trainable(case: Case) -> Any:
    """What a fit is given of a new network."""
    import bpnet
    from bpnet.training.runs import CompiledRuns
    from bpnet.training.state import Trained
    from bpnet.training.store import StateStore
    from bpnet.training.trainable import Trainable

    net = bpnet.Network(
        case.sizes, activations=case.sigma, cost="categorical_cross_entropy", seed=SEED
    )
    return Trainable(
        net.model,
        net.backend,
        store=StateStore(net.backend, Trained(net.state)),
        runs=CompiledRuns(net.model, net.backend),
        seed=net.seed,
        metadata=dict,
        before=net.model,
        task_is_open=False,
        adopt=lambda model: None,
    )


def _fit(case: Case, trainable: Any, feed: Any) -> Any:
    """A fit whose epochs are asked for one by one."""
    import bpnet
    from bpnet.training import StepConfig
    from bpnet.training.mini_batches import MiniBatchFit

    fit = MiniBatchFit(trainable, feed, StepConfig(bpnet.SGD(case.learning_rate)), epochs=1)
    fit.begin()
    return fit
