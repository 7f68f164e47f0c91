"""What an epoch asks of the device, kernel by kernel; the host's waits do not grow with it."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

import bpnet

from ..plan import Plan, Target, target_text
from ..report import tell
from ..section import Section
from ..training import placed_on

__all__ = ["run"]


def run(plan: Plan, section: Section) -> None:
    """What an epoch asks of the device, kernel by kernel; the host's waits do not grow with it."""
    if not find_spec("torch"):
        section.figures["left out"] = "torch, whose profiler is asked, is not installed"
        tell("  left out: torch is not installed")
        return
    from benchmarks.cases import named

    for target in plan.targets:
        if target[0] == "jax":  # its own profiler has the device to itself
            continue
        for case in named("tiny") if plan.tiny else named("sgd"):
            waits = {}
            for steps in (64, 128):
                profile = _profile(case.with_steps(steps), target)
                waits[f"{steps} steps"] = sum(
                    one.count for one in profile if re.search("Synchronize|DtoH", one.key)
                )
            kernels = {
                one.key: {"a step": one.count / steps, "us": one.self_device_time_total / steps}
                for one in profile
                if one.self_device_time_total > 0 and not one.key.startswith("aten::")
            }
            total = sum(one["us"] for one in kernels.values())
            section.figures[f"{case.name}, {target_text(target)}"] = {
                "waits": waits,
                "kernels": kernels,
            }
            few, many = waits.values()
            what = f"{case.name}, {target_text(target)}: as many waits with more steps"
            section.check(what, few == many, **waits, microseconds=total)


def _profile(case: Any, target: Target) -> list[Any]:
    """What PyTorch's profiler, which sees all of CUDA, counts in an epoch."""
    from torch.profiler import ProfilerActivity, profile

    x, labels = case.data()
    net = bpnet.Network(
        case.sizes, activations=case.sigma, cost="log_likelihood", seed=0, **placed_on(target)
    )
    optimizer = {"sgd": bpnet.SGD, "adam": bpnet.Adam}[case.optimizer](case.learning_rate)
    samples = (net.backend.asarray(part) for part in (x, case.one_hot(labels)))
    options = {"batch_size": case.batch, "optimizer": optimizer, "progress": False}
    with net.fitting(*samples, epochs=9, **options) as fit:
        for _ in range(2):  # compiles, and captures
            fit.epoch()
        on_device = [] if target[1] == "cpu" else [ProfilerActivity.CUDA]
        with profile(activities=[ProfilerActivity.CPU, *on_device], acc_events=True) as found:
            fit.epoch()
    return list(found.key_averages())
