"""A step of bpnet beside one of PyTorch, eager and compiled, and beside its products alone."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

import bpnet

from ..plan import Plan
from ..report import tell
from ..section import Section

ROUGHLY = 0.05  # of what two steps change, where products have 8 or 11 bits

__all__ = ["run"]


def run(plan: Plan, section: Section) -> None:
    """A step of bpnet beside one of PyTorch, eager and compiled, and beside its products alone."""
    if not find_spec("torch"):
        section.figures["left out"] = "torch is not installed"
        tell("  left out: torch is not installed")
        return
    from benchmarks.cases import CASES, named
    from benchmarks.peers import bpnet as trained
    from benchmarks.peers import products, torch_compiled, torch_eager, torch_graphed

    device = plan.targets[0][1] if plan.tiny else "cuda"
    for case in named("tiny") if plan.tiny else CASES:
        # An epoch of as many samples as MNIST has, also for the largest net, or of 1000 steps.
        case = case.with_steps(min(60_000 // case.batch, plan.size(1000, 8)))
        makers: dict[str, Callable[..., Any]] = {
            f"bpnet {library}": functools.partial(trained, library, device=on)
            for library, on in plan.targets
            if not (library == "jax" and case.net == "large")  # it compiles for half a minute
        }
        makers["torch eager"] = functools.partial(torch_eager, device=device)
        if not plan.tiny:
            if case.net != "large":  # no bar, and a long time to compile
                makers["torch compiled"] = functools.partial(torch_compiled, device=device)
            makers["torch graphed by hand"] = functools.partial(torch_graphed, device=device)
        makers["products"] = functools.partial(products, device=device)
        times = _in_turns(section, case, makers, plan.size(3, 2))
        if case.net != "large":
            _bar(section, case, times, "torch compiled", 1.0)
        elif case.optimizer == "sgd":
            _bar(section, case, times, "products", 1.05)
            for precision in ("tf32", "bfloat16"):
                makers = {
                    f"bpnet {library}": functools.partial(
                        trained, library, device=on, compute_dtype=precision
                    )
                    for library, on in plan.targets
                    if library != "jax"
                    and not bpnet.get_backend(library, on).why_no_compute_dtype(precision)
                }
                makers["products"] = functools.partial(products, device=device, precision=precision)
                times = _in_turns(section, case, makers, 5, precision)
                _bar(section, case, times, "products", 1.05, precision)


def _in_turns(
    section: Section, case: Any, makers: dict[str, Callable[..., Any]], rounds: int, how: str = ""
) -> dict[str, float]:
    """Microseconds a step of each, medians of some epochs in turns; each first shows its result."""
    from benchmarks.clock import seconds_of
    from benchmarks.reference import difference, expected, order_of
    from benchmarks.timing import LIMITS

    check, named = case.for_check("sgd"), f"{case.name}{' ' * bool(how)}{how}"
    wanted, trainers, times = expected(check), {}, {name: [] for name in makers}
    for name, make in makers.items():
        found = make(check, *check.data())
        if found.parameters is not None:
            found.follow(order_of(check))
            error, limit = difference(check, found.parameters(), wanted), LIMITS["sgd"]
            right = error <= (ROUGHLY if how else limit)
            section.check(f"{named}, {name}: two steps", right, error=error)
        trainers[name] = make(case, *case.data())
    order = np.random.default_rng(0).permutation(case.steps * case.batch)
    order = order.reshape(case.steps, case.batch)
    for k in range(rounds + 1):
        for name, one in trainers.items():
            # The third of a fit is like all that follow: its order was made meanwhile.
            took = one.epochs(3)[2] if one.epochs else seconds_of(lambda f=one.follow: f(order))
            if k:  # the first compiles
                times[name].append(1e6 * took / case.steps)
    medians = {name: statistics.median(each) for name, each in times.items()}
    section.figures[named] = {"microseconds a step": medians, "rounds": times}
    for name, median in medians.items():
        tell(f"  {named}, {name}: {median:.1f} us")
    return medians


def _bar(
    section: Section, case: Any, times: dict[str, float], beside: str, limit: float, how: str = ""
) -> None:
    """Whether the quickest of bpnet's takes at most so many times as long as another."""
    mine = {name: each for name, each in times.items() if name.startswith("bpnet")}
    if mine and beside in times:
        name = min(mine, key=mine.__getitem__)
        ratio = mine[name] / times[beside]
        what = f"{case.name}{' ' * bool(how)}{how}: {name} at most {limit:g} times {beside}"
        section.check(what, ratio <= limit, ratio=ratio)
