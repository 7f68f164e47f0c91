"""Samples from the host's memory, beside the same samples on the device."""

from __future__ import annotations

import contextlib
import statistics

import numpy as np

import bpnet
from bpnet.data import ArraySource

from ..plan import Plan, target_text
from ..report import tell
from ..section import Section
from ..training import placed_on

__all__ = ["run"]


def run(plan: Plan, section: Section) -> None:
    """Samples from the host's memory, beside the same samples on the device."""
    sizes, batch = [plan.size(784, 20), *[plan.size(512, 8)] * 2, 10], 128
    rng, n = np.random.default_rng(0), plan.size(200_000, 2_000)
    x = rng.random((n, sizes[0]), dtype=np.float32)
    y = rng.integers(10, size=n)
    for target in plan.targets:
        times: dict[str, list[float]] = {}
        ways = {"on the device": (x, y), "streamed": (ArraySource(x, y), None)}
        with contextlib.ExitStack() as stack:
            fits = {}
            for way, samples in ways.items():
                net = bpnet.Network(sizes, cost="log_likelihood", seed=0, **placed_on(target))
                fit = net.fitting(*samples, epochs=99, batch_size=batch, progress=False)
                fits[way] = stack.enter_context(fit)
            for k in range(plan.size(6, 3)):
                for way, fit in fits.items():
                    row = fit.epoch()
                    if k:  # the first compiles
                        times.setdefault(way, []).append(row["seconds"])
        resident, streamed = (statistics.median(each) for each in times.values())
        section.figures[target_text(target)] = times
        what = f"{target_text(target)}: at least 90 % of the speed on the device"
        if plan.tiny:
            tell(f"  {target_text(target)}: {resident / streamed:.0%} of the speed in memory")
        else:
            section.check(what, streamed * 0.9 <= resident, share=resident / streamed)
