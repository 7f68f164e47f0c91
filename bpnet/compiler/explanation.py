"""Explain a compiled step: passes, buffers, calls and source, or why the plain loop runs."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._lib.frozen import Frozen
from ..backends import Backend
from .compile import target_of
from .describe import legend_of, lines_of_buffers, lines_of_calls
from .ir import Graph, Pass
from .plain import PlainRun
from .planned import PlannedStep
from .state import leaves_of
from .step import Step
from .target import PlanningTarget
from .trace import TraceError

__all__ = ["Explanation", "PassEffect", "explain", "explain_step"]


class PassEffect(Frozen):
    """The effect of a pass: how many operations of each kind it removed and added.

    Attributes
    ----------
    name : str
    removed, added : tuple of (str, int)
    """

    name: str
    removed: tuple[tuple[str, int], ...]
    added: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        parts = [f"-{count} {op}" for op, count in self.removed]
        parts += [f"+{count} {op}" for op, count in self.added]
        return f"{self.name:<16} {', '.join(parts) or 'no change'}"


class Explanation(Frozen):
    """The result of compiling a step; ``print`` it.

    Attributes
    ----------
    backend : str
    target : str
        Name of the target; empty without one.
    reason : str
        Why there is no plan; empty with one.
    passes : tuple of PassEffect
    graph : str
        The graph after all passes.
    buffers : tuple of str
        Name, shape, type and size of each.
    calls : tuple of str
        The operations in order.
    source : str
        The code that runs.
    legend : tuple of str
        The meaning of the names in the code.
    """

    backend: str
    target: str = ""
    reason: str = ""
    passes: tuple[PassEffect, ...] = ()
    graph: str = ""
    buffers: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    source: str = ""
    legend: tuple[str, ...] = ()

    def __str__(self) -> str:
        head = [f"backend: {self.backend}", f"target: {self.target or 'none'}"]
        if self.reason:
            return "\n".join([*head, self.reason])
        sections = {
            "passes": self.passes,
            "buffers": self.buffers,
            "calls": self.calls,
            "source": self.source.rstrip().splitlines(),
            "names in the source": self.legend,
        }
        for title, lines in sections.items():
            head += ["", title, *(f"  {line}" for line in lines)]
        return "\n".join(head)


def explain_step(
    backend: Backend,
    step: Step,
    state: Any,
    x_shape: tuple[int, ...],
    y_shape: tuple[int, ...],
    rates: Sequence[float],
) -> Explanation:
    """Explain how a step is compiled for a backend, without running it.

    Parameters
    ----------
    backend : Backend
    step : callable
        As for `compile_step`.
    state : nested tuples of arrays
        Only shapes and tuple types are read.
    x_shape, y_shape : tuple of int
        Of one mini-batch.
    rates : sequence of float and int
        Those of one step.

    Returns
    -------
    Explanation
    """
    target = target_of(backend)
    if target is None:
        reason = f"the plain loop runs this step: {backend.name} has no compiler target"
        return Explanation(repr(backend), reason=reason)
    if not isinstance(target, PlanningTarget):
        summary = (target.__doc__ or "").strip().split("\n")[0]
        return Explanation(repr(backend), _name_of(target), f"compiled without a plan: {summary}")
    target = target.chosen(backend)
    effects: list[PassEffect] = []

    def watch(one: Pass, before: Graph, after: Graph) -> None:
        effects.append(_effect(one, before, after))

    try:
        traced = target.trace(backend, step, state, (x_shape, y_shape), rates)
    except TraceError as error:
        unknown = f"{error} is not known to the compiler"
        reason = f"the plain loop runs this step: {unknown}"
        if target.plain(backend, step) is None:
            reason = f"{unknown}, and {backend.name} has no plain loop in {backend.compute_dtype}"
        return Explanation(repr(backend), _name_of(target), reason)
    graph = target.rewrite(backend, traced, watch)
    room = [
        backend.from_host(np.zeros(tuple(one.shape)), backend.dtype) for one in leaves_of(state)
    ]
    plan = target.plan(backend, graph, room)
    return Explanation(
        repr(backend),
        _name_of(target),
        passes=tuple(effects),
        graph=str(graph),
        buffers=tuple(lines_of_buffers(plan.program)),
        calls=tuple(lines_of_calls(plan.program)),
        source=plan.source,
        legend=tuple(legend_of(plan.program, plan.names, plan.named)),
    )


def explain(run: Any) -> Explanation:
    """Explain a run of `compile_step`, for the size of mini-batch that it used last.

    Parameters
    ----------
    run : Run

    Raises
    ------
    ValueError
        If it has not been called yet.
    TypeError
        If it is not a run of this compiler.
    """
    if isinstance(run, PlainRun):
        reason = f"the plain loop runs this step: {run.backend.name} has no compiler target"
        return Explanation(repr(run.backend), reason=reason)
    if not isinstance(run, PlannedStep):
        raise TypeError(f"{run!r} is not a run of this compiler")
    if not run.compiled:
        raise ValueError("this run has no plan yet: it makes one when it is first called")
    last = [*run.compiled.values()][-1]
    return explain_step(run.backend, run.step, *last.example)


def _name_of(target: Any) -> str:
    return getattr(target, "__name__", type(target).__name__)


def _effect(one: Pass, before: Graph, after: Graph) -> PassEffect:
    old, new = (Counter(node.op for node in graph.nodes) for graph in (before, after))
    name = one.func.__name__ if isinstance(one, functools.partial) else one.__name__
    return PassEffect(name, tuple(sorted((old - new).items())), tuple(sorted((new - old).items())))
