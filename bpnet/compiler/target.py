"""Targets compile steps for one library."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

from ..backends import Array, Backend
from .buffers import assign_buffers, placed_in_concat
from .emit import Emitter, Program
from .ir import Graph, Node, Pass
from .memory import Library, Memory, Numbers
from .plain import PlainRun, plain_forward
from .planned import PlannedForward, PlannedStep
from .reuse import rewritten
from .runner import FORWARD, LOOP, Batches, ForwardRunner, LoopRunner, Runner
from .schedule import Steps, schedule
from .source import load, write_source
from .step import Forward, ForwardRun, Run, Step
from .trace import trace
from .verify import apply_passes

__all__ = ["Plan", "PlanningTarget", "Target"]


class Target(Protocol):
    """What a backend names as its ``target``: an object or a module with these functions."""

    def compile_step(self, backend: Backend, step: Step) -> Run:
        """See `bpnet.compiler.compile_step`."""

    def compile_forward(self, backend: Backend, forward: Forward) -> ForwardRun:
        """See `bpnet.compiler.compile_forward`."""


class Plan(NamedTuple):
    """A step of given shapes as straight calls into buffers made beforehand.

    Attributes
    ----------
    program : Program
    source : str
        The code of its function.
    names : dict of str to object
        Objects that the code names.
    named : dict of str to Node
        As of `Emitter`.
    runner : Runner or ForwardRunner
    """

    program: Program
    source: str
    names: dict[str, Any]
    named: dict[str, Node]
    runner: Any


class PlanningTarget(ABC):
    """A target for a library whose calls can be given a place for their result.

    A step is traced, rewritten by `passes`, scheduled, given buffers and emitted. Subclasses define
    what differs between libraries. A forward pass is not rewritten.
    """

    has: ClassVar[frozenset[str]] = frozenset()
    """The functions of `ir.OPTIONAL` that the library has."""
    low: ClassVar[Any] = None
    """A smaller dtype that steps may use; see `Recorder`."""
    gathered, most_ahead = 2**16, 64
    """Entries gathered per call, sized for one core's cache; the most steps of one call."""
    reused = 0
    """Size in bytes from which a buffer is reused."""
    by_blocks = False
    """As of `assign_buffers`."""
    numbers: ClassVar[type[Numbers]] = Numbers

    def compile_step(self, backend: Backend, step: Step) -> Run:
        """See `bpnet.compiler.compile_step`."""
        return PlannedStep(backend, step, self.chosen(backend), self.plain(backend, step))

    def compile_forward(self, backend: Backend, forward: Forward) -> ForwardRun:
        """See `bpnet.compiler.compile_forward`."""
        return PlannedForward(backend, forward, self, plain_forward(backend, forward))

    def chosen(self, backend: Backend) -> PlanningTarget:
        """The target for a backend's steps."""
        return self

    def plain(self, backend: Backend, step: Step) -> Run | None:
        """The run for steps that cannot be traced, if there is one."""
        return PlainRun(backend, step)

    # ------------------------------------------------------------------ per library

    @abstractmethod
    def passes(self, backend: Backend, graph: Graph) -> Sequence[Pass]:
        """How a traced step is rewritten, in order."""

    @abstractmethod
    def library(self, backend: Backend, device: Any) -> Library:
        """The library of a plan's arrays."""

    @abstractmethod
    def emitter(
        self, backend: Backend, program: Program, memory: Memory, numbers: Numbers
    ) -> Emitter:
        """The writer of the library's calls."""

    def is_chained(self, backend: Backend, moving: dict[Node, str], node: Node) -> bool:
        """Whether an elementwise operation is part of a chain with its neighbours of one shape."""
        return False

    def may_join(self, nodes: Sequence[Node]) -> bool:
        """As of `schedule`."""
        return False

    def body(self, emitter: Emitter) -> list[str]:
        """The lines of a step."""
        lines = [line for group in emitter.program.groups for line in emitter.lines(group)]
        return [*lines, *emitter.ending()]

    def runner(
        self, backend: Backend, emitter: Emitter, body: list[str], room: Array
    ) -> tuple[str, Runner]:
        """The source of a step, and the runner that uses it."""
        names = {**emitter.names, **emitter.functions}
        source = write_source(LOOP, body, list(names))
        return source, LoopRunner(
            load(source, names),
            emitter.program.graph,
            emitter.library,
            emitter.numbers.varying,
            self.batches(emitter, room),
            emitter.held,
        )

    def batches(self, emitter: Emitter, room: Array) -> Any:
        """The `Batches` of a `LoopRunner`."""
        return Batches(emitter.library, room)

    # ------------------------------------------------------------------ stages

    def trace(
        self,
        backend: Backend,
        step: Step,
        state: Any,
        shapes: tuple[tuple[int, ...], tuple[int, ...]],
        rates: Sequence[float],
    ) -> Graph:
        """Trace a step; see `trace.trace`."""
        return trace(step, backend.dtype, state, *shapes, rates, self.has, self.low)

    def rewrite(
        self,
        backend: Backend,
        graph: Graph,
        watch: Callable[[Pass, Graph, Graph], None] | None = None,
    ) -> Graph:
        """Apply the passes to a traced step; see `verify.apply_passes`."""
        passes = self.passes(backend, graph)
        if watch is not None:
            return apply_passes(graph, passes, watch)
        return rewritten(graph, passes, apply_passes)

    def program(self, backend: Backend, graph: Graph, *, ahead: int, once: bool) -> Program:
        """Schedule a graph and assign its buffers."""
        steps = Steps(graph)
        moving = {graph.y: "y_k"}
        if once or ahead > 1:
            moving[graph.x] = "x_k"
        if graph.z in steps.place:
            moving[graph.z] = "z_k"
        placed = placed_in_concat(steps, moving)
        is_chained = functools.partial(self.is_chained, backend, moving)
        groups = schedule(steps, is_chained, self.may_join, placed)
        layout = assign_buffers(
            steps,
            groups,
            moving=moving,
            placed=placed,
            reused=self.reused,
            by_blocks=self.by_blocks,
        )
        return Program(graph, groups, layout, moving, steps.uses)

    def plan(
        self, backend: Backend, graph: Graph, state: Sequence[Array], *, once: bool = False
    ) -> Plan:
        """Make a plan of a graph.

        Parameters
        ----------
        backend : Backend
        graph : Graph
        state : sequence of array
            The state's buffers, which each step changes in place.
        once : bool, optional
            Make a forward pass, of samples as they are, in place of a loop over mini-batches.
        """
        ahead = 1 if once else min(max(1, self.gathered // graph.x.size), self.most_ahead)
        program = self.program(backend, graph, ahead=ahead, once=once)
        library = self.library(backend, state[0].device)
        room = library.empty((ahead, *graph.x.shape), graph.x.dtype)
        given = {**dict(enumerate(state)), program.layout.places[graph.x].buffer: room[0]}
        memory = Memory(program.layout, library, given)
        emitter = self.emitter(backend, program, memory, self.numbers(library))
        body = self.body(emitter)
        if not once:
            source, runner = self.runner(backend, emitter, body, room)
            return Plan(program, source, emitter.names, emitter.named, runner)
        names = {**emitter.names, **emitter.functions}
        source = write_source(FORWARD, body, list(names))
        z = graph.z
        new_z = functools.partial(
            library.xp.empty, z.shape, dtype=library.kind(z.dtype), device=library.device
        )
        forward = ForwardRunner(load(source, names), new_z, emitter.held)
        return Plan(program, source, emitter.names, emitter.named, forward)
