"""Runs by plans: one plan for each size of mini-batch, of which the latest are kept."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from ..backends.base import Array, Backend
from .ir import Graph
from .state import leaves_of, map_leaves, rebuild
from .step import Forward, ForwardRun, Run, Step
from .trace import TraceError

__all__ = ["MOST_PLANS", "Compiled", "Example", "PlanCache", "PlannedForward", "PlannedStep"]

MOST_PLANS = 8
"""Sizes of mini-batch, or of samples predicted at once, whose plans are kept."""
FEW = 16
"""Samples up to which a forward pass has a plan: of more, the calls are not what takes the time."""

T = TypeVar("T")


class PlanMaker(Protocol):
    """What is asked of a target; see `PlanningTarget`."""

    def trace(
        self,
        backend: Backend,
        step: Step,
        state: Any,
        shapes: tuple[tuple[int, ...], tuple[int, ...]],
        rates: Sequence[float],
    ) -> Graph:
        """Trace a step."""

    def rewrite(self, backend: Backend, graph: Graph) -> Graph:
        """Apply the passes to a traced step."""

    def plan(
        self, backend: Backend, graph: Graph, state: Sequence[Array], *, once: bool = False
    ) -> Any:
        """Make a plan of a graph."""


class PlanCache(dict[Hashable, T]):
    """What was made for each key; what was asked for least recently is forgotten.

    Parameters
    ----------
    most : int
        How many are kept.
    """

    def __init__(self, most: int = MOST_PLANS) -> None:
        super().__init__()
        self.most = most

    def get_or_make(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for a key, or is made now."""
        found = self.pop(key) if key in self else make()
        self[key] = found
        if len(self) > self.most:
            del self[next(iter(self))]
        return found


class Example(NamedTuple):
    """What a step was traced for.

    Attributes
    ----------
    state : nested tuples of arrays
        Of the same types and shapes as the state; the arrays take no memory.
    x_shape, y_shape : tuple of int
    rates : tuple of float
    """

    state: Any
    x_shape: tuple[int, ...]
    y_shape: tuple[int, ...]
    rates: tuple[float, ...]


class Compiled(NamedTuple):
    """What became of a step for one size of mini-batch.

    Attributes
    ----------
    example : Example
    plan : Plan or None
    reason : str
        Why there is no plan; empty where there is one.
    """

    example: Example
    plan: Any = None
    reason: str = ""


class PlannedStep:
    """A run, as of `compile_step`, by one plan for each size of mini-batch.

    Parameters
    ----------
    backend : Backend
    step : callable
    target : PlanningTarget
    plain : callable or None
        The run of what cannot be traced; without one the run raises ValueError then.

    Attributes
    ----------
    compiled : PlanCache of Compiled
        For each size of mini-batch, the one that was used last at the end.
    """

    def __init__(self, backend: Backend, step: Step, target: PlanMaker, plain: Run | None) -> None:
        self.backend, self.step, self.target = backend, step, target
        self.compiled: PlanCache[Compiled] = PlanCache()
        self._plain = plain
        self._buffers: list[Array] = []

    def __call__(
        self,
        state: Any,
        x: Array,
        y: Array,
        order: np.ndarray[Any, Any],
        rates: Sequence[tuple[float, ...]],
        stop: Callable[[], bool] | None = None,
    ) -> tuple[Any, Array | None]:
        if not len(order):
            return state, None
        size, buffers = order.shape[1], self._buffers
        made = self.compiled.get_or_make(size, lambda: self._make(size, state, x, y, rates[0]))
        if made.plan is None:
            if self._plain is None:
                raise ValueError(
                    f"training cannot compute in {self.backend.compute_dtype} on "
                    f"{self.backend.name}, as a step has {made.reason}; another compute_dtype can"
                )
            return self._plain(state, x, y, order, rates, stop)
        for buffer, one in zip(buffers, leaves_of(state), strict=True):
            if buffer is not one:
                buffer[...] = one
        rows = self.backend.from_host(order, "int64")
        done, outputs = made.plan.runner.run(x, y, rows, rates, stop or _never)
        return rebuild(state, buffers), outputs[:done] if done else None

    def _make(
        self, size: int, state: Any, x: Array, y: Array, rates: tuple[float, ...]
    ) -> Compiled:
        shapes = (size, *x.shape[1:]), (size, *y.shape[1:])
        like = map_leaves(lambda one: np.broadcast_to(np.zeros(()), tuple(one.shape)), state)
        example = Example(like, *shapes, rates)
        try:
            graph = self.target.trace(self.backend, self.step, state, shapes, rates)
        except TraceError as error:
            return Compiled(example, reason=str(error))
        graph = self.target.rewrite(self.backend, graph)
        given = leaves_of(state)
        self._buffers.extend(self.backend.copy(one) for one in given[len(self._buffers) :])
        return Compiled(example, self.target.plan(self.backend, graph, self._buffers))


class PlannedForward:
    """A forward pass, as of `compile_forward`, by a plan where samples are few.

    Parameters
    ----------
    backend : Backend
    forward : callable
    target : PlanningTarget
    plain : callable
        Computes many samples, and what cannot be traced.
    """

    def __init__(
        self, backend: Backend, forward: Forward, target: PlanMaker, plain: ForwardRun
    ) -> None:
        self.backend, self.forward, self.target = backend, forward, target
        self.plans: PlanCache[Any] = PlanCache()
        self._plain = plain
        self._leaves: list[Array] = []
        self._lock = threading.Lock()

    def __call__(self, state: Any, x: Array) -> Array:
        # Another thread may have the buffers.
        if x.shape[0] > FEW or not self._lock.acquire(blocking=False):
            return self._plain(state, x)
        try:
            leaves = leaves_of(state)
            if len(leaves) != len(self._leaves) or any(map(operator.is_not, leaves, self._leaves)):
                self.plans.clear()
                self._leaves = leaves
            made = self.plans.get_or_make(x.shape, lambda: self._make(state, x))
            z: Array = self._plain(state, x) if isinstance(made, str) else made.runner.forward(x)
            return z
        finally:
            self._lock.release()

    def _make(self, state: Any, x: Array) -> Any:
        """A plan, or why there is none."""

        def step(xp: Any, state: Any, x: Array, y: Array, rates: Any) -> tuple[Any, Array]:
            return state, self.forward(xp, state, x)

        try:
            shapes = x.shape, (x.shape[0], 1)
            graph = self.target.trace(self.backend, step, state, shapes, ())
        except TraceError as error:
            return str(error)
        return self.target.plan(self.backend, graph, leaves_of(state), once=True)


def _never() -> bool:
    return False
