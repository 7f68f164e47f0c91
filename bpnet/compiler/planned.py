"""Runs with one plan per size of mini-batch; the plans used last are kept."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from ..backends import Array, Backend
from .ir import Graph
from .state import leaves_of, map_leaves, rebuild
from .step import Forward, ForwardRun, Run, Step
from .trace import TraceError

__all__ = ["MOST_PLANS", "Compiled", "Example", "PlanCache", "PlannedForward", "PlannedStep"]

MOST_PLANS = 8
"""Number of plans kept, for as many sizes of mini-batch or shapes of samples."""
FEW = 16
"""Most samples for which a forward pass uses a plan; with more, calls are not the bottleneck."""

T = TypeVar("T")


class PlanMaker(Protocol):
    """The part of `PlanningTarget` that runs use."""

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
    """A cache that forgets the least recently used entry.

    Parameters
    ----------
    most : int
        Number of entries kept.
    """

    def __init__(self, most: int = MOST_PLANS) -> None:
        super().__init__()
        self.most = most

    def get_or_make(self, key: Hashable, make: Callable[[], T]) -> T:
        """The entry of a key, made if it is missing."""
        found = self.pop(key) if key in self else make()
        self[key] = found
        if len(self) > self.most:
            del self[next(iter(self))]
        return found


class Example(NamedTuple):
    """The shapes and rates that a step was traced with.

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
    """A step compiled for one size of mini-batch.

    Attributes
    ----------
    example : Example
    plan : Plan or None
    reason : str
        Why there is no plan; empty with one.
    """

    example: Example
    plan: Any = None
    reason: str = ""


class PlannedStep:
    """A run with one plan per size of mini-batch; see `compile_step`.

    Parameters
    ----------
    backend : Backend
    step : callable
    target : PlanningTarget
    plain : callable or None
        Runs steps that cannot be traced; without it, these raise ValueError.

    Attributes
    ----------
    compiled : PlanCache of Compiled
        By size of mini-batch, the most recently used last.
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
                    f"{self.backend.name}, as a step has {made.reason}; compute_dtype=None can"
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
    """A forward pass that uses a plan for few samples; see `compile_forward`.

    A plan is bound to arrays of the state. Where these are replaced again and again, as between
    steps of training, plans get arrays of their own, to which the others are copied.

    Parameters
    ----------
    backend : Backend
    forward : callable
    target : PlanningTarget
    plain : callable
        Computes many samples, and forward passes that cannot be traced.
    """

    def __init__(
        self, backend: Backend, forward: Forward, target: PlanMaker, plain: ForwardRun
    ) -> None:
        self.backend, self.forward, self.target = backend, forward, target
        self.plans: PlanCache[Any] = PlanCache()
        self._plain = plain
        self._leaves: list[Array] = []
        self._own: list[Array] = []
        self._lock = threading.Lock()

    def __call__(self, state: Any, x: Array) -> Array:
        # Another thread may be using the buffers.
        if x.shape[0] > FEW or not self._lock.acquire(blocking=False):
            return self._plain(state, x)
        try:
            leaves = leaves_of(state)
            if len(leaves) != len(self._leaves) or any(map(operator.is_not, leaves, self._leaves)):
                self._replace(leaves)
            made = self.plans.get_or_make(x.shape, lambda: self._make(state, x))
            z: Array = self._plain(state, x) if isinstance(made, str) else made.runner.forward(x)
            return z
        finally:
            self._lock.release()

    def _replace(self, leaves: list[Array]) -> None:
        """Compute with other arrays of the state from now on."""
        before, self._leaves = self._leaves, leaves
        if self._own:
            for own, one, last in zip(self._own, leaves, before, strict=True):
                if one is not last:
                    own[...] = one
            return
        self.plans.clear()
        if before:
            self._own = [self.backend.copy(one) for one in leaves]

    def _make(self, state: Any, x: Array) -> Any:
        """A plan, or the reason why there is none."""

        def step(xp: Any, state: Any, x: Array, y: Array, rates: Any) -> tuple[Any, Array]:
            return state, self.forward(xp, state, x)

        try:
            shapes = x.shape, (x.shape[0], 1)
            graph = self.target.trace(self.backend, step, state, shapes, ())
        except TraceError as error:
            return str(error)
        return self.target.plan(self.backend, graph, self._own or self._leaves, once=True)


def _never() -> bool:
    return False
