"""A recorded step as straight calls into buffers made beforehand.

What is the same for every library that can be told where to put a result: which buffer holds which
node, which chains of elementwise operations belong together, and the code that calls one operation
after another. How a library is called, and how it does a chain, its own file says.
"""

from __future__ import annotations

import contextlib
import functools
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from ..backends.base import Array, Backend
from .rewriting import fold_scale, widen
from .step import Forward, ForwardRun, Run, Step
from .trace import (
    ELEMENTWISE,
    LEAVES,
    VIEWS,
    Graph,
    Node,
    UnplannableError,
    depends_on_rates,
    numbers,
    parts_of,
    record,
    root_of,
)

__all__ = ["SCRATCH", "Plan", "planned", "planned_forward"]


class Plan(ABC):
    """The calls that one step of given shapes makes.

    Parameters
    ----------
    backend : Backend
    graph : Graph
        Is changed.
    state : list of array
        The state's buffers, which each step changes in place.
    once : bool, optional
        Make `forward`, of samples as they are, in place of `run`.

    Attributes
    ----------
    source : str
        The code of the loop.

    Notes
    -----
    Not re-entrant: the buffers are its own.
    """

    functions: ClassVar[dict[str, Callable[..., Any]]]
    """What the code calls, under the names that the lines below give it."""
    has: ClassVar[frozenset[str]] = frozenset()
    """Which of `PERHAPS` the library has."""
    low: Any = None
    """A smaller type that steps may be in, besides that of the backend; see `Recorder`."""
    # Entries of what is gathered at once, so few that they stay in a core's cache; most steps.
    ahead, most_ahead = 2**16, 64
    reused = 0
    """Bytes from which on a buffer is used again for what is computed later."""
    template = """\
def run(batches, targets, outputs, varying, stop, fill, *, {bound}):
    for k, (y_k, z_k, x_k) in enumerate(zip(targets, outputs, batches)):
        if stop():
            return k
        for cell, values in varying:
            fill(cell, values[k])
{body}\
    return len(targets)
"""

    def __init__(
        self, backend: Backend, graph: Graph, state: Sequence[Array], *, once: bool = False
    ) -> None:
        self._xp, self._graph = backend.xp, graph
        self._device = state[0].device
        self._arrays: dict[Node, Array] = dict(zip(graph.state, state, strict=True))
        self._names: dict[str, Any] = {}
        self._known: dict[int, str] = {}
        self._lines: list[str] = []
        self._varying: list[tuple[Node, Any]] = []
        self._free: list[Array] = []
        self._dynamic = {graph.y: "y_k"}
        ahead = 1 if once else min(max(1, self.ahead // graph.x.size), self.most_ahead)
        self._room = self.empty((ahead, *graph.x.shape), graph.x.dtype)
        self._arrays[graph.x] = self._room[0]
        if once or ahead > 1:
            self._dynamic[graph.x] = "x_k"
        self._steps = [n for n in graph.nodes if n.op in ELEMENTWISE or n.op in _OTHERS]
        self._place = {node: k for k, node in enumerate(self._steps)}
        self.uses = graph.uses()
        self._last: dict[Node, int] = {}
        for node in self._steps:
            for one in node.args:
                self._last[root_of(one)] = self._place[node]
        stay = graph.z, *graph.results
        self._keep = {graph.x, graph.y, *stay, *map(root_of, stay)}
        if graph.z in self._place:
            self._dynamic[graph.z] = "z_k"
        for before, after in zip(graph.state, graph.results, strict=True):
            if after.op == "joined":
                self._arrays[after] = self._arrays[before]
        self._adopted = self._adopt_parts()
        for group in self._groups():
            self._emit(group)
        self._finish()
        self._run = self._assemble(_ONCE if once else self.template)
        kind = self.kind(graph.z.dtype)
        self._new_z = functools.partial(
            self._xp.empty, graph.z.shape, dtype=kind, device=self._device
        )

    def run(
        self,
        x: Array,
        y: Array,
        order: Array,
        rates: Sequence[tuple[float, ...]],
        stop: Callable[[], bool],
    ) -> tuple[int, Array]:
        """Do a step for each row of ``order``; see `compile_step`.

        Returns
        -------
        done : int
            How many steps.
        outputs : array, shape (steps, batch size, n_L)
        """
        steps, z = order.shape[0], self._graph.z
        outputs = self.empty((steps, *z.shape), z.dtype)
        targets = self._xp.take(y, order.reshape(-1), axis=0).reshape(steps, *self._graph.y.shape)
        table, varying = self.table(rates), []
        for node, cell in self._varying:
            values = np.broadcast_to(numbers(node, table), len(table)).astype(node.dtype)
            self.fill(cell, values[0])
            if not (values == values[0]).all():
                varying.append((cell, values))
        with contextlib.closing(self.batches(x, order)) as batches:
            return self._run(batches, targets, outputs, varying, stop, self.fill), outputs

    @staticmethod
    def table(rates: Sequence[tuple[float, ...]]) -> np.ndarray[Any, Any]:
        """The numbers of each step, a row each; one row where all steps have the same."""
        if rates.count(rates[0]) == len(rates):
            rates = rates[:1]
        return np.asarray(rates, dtype=np.float64).reshape(len(rates), -1)

    def forward(self, x: Array) -> Array:
        """The weighted inputs z of the output layer, of samples of the recorded shape."""
        z = self._new_z()
        self._run(x, z)
        return z

    # ------------------------------------------------------------------ what a library says

    @classmethod
    def rewrite(cls, graph: Graph, backend: Backend) -> None:
        """Give a recorded step the form that suits the library."""
        widen(graph)
        fold_scale(graph)

    def kind(self, dtype: Any) -> Any:
        """The library's own type that holds a node's."""
        return getattr(self._xp, dtype.name)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array on the device whose entries do not matter."""
        return self._xp.empty(shape, dtype=self.kind(dtype), device=self._device)

    def cell(self, dtype: Any) -> Any:
        """A place for a number."""
        return self.empty((), dtype)

    def fill(self, cell: Any, value: Any) -> None:
        """Put a number in its place."""
        cell[()] = value

    def is_chained(self, node: Node) -> bool:
        """Whether an elementwise step belongs into a chain with its neighbours of one shape."""
        return False

    def chain(self, group: list[Node], local: set[Node]) -> list[str]:
        """Lines that do a chain; nothing outside it reads the nodes of ``local``."""
        raise NotImplementedError

    def replaceable(self, node: Node, group: list[Node]) -> Iterable[Node]:
        """Whose buffers a step may write to while the chain that it ends is computed."""
        return node.args

    @abstractmethod
    def elementwise(self, node: Node, arguments: Sequence[str], out: str) -> list[str]:
        """Lines that do an elementwise step."""

    @abstractmethod
    def matmul(self, left: str, right: str, out: str) -> str:
        """A line for a product of two matrices."""

    @abstractmethod
    def reduction(self, node: Node) -> list[str]:
        """Lines for a sum or largest entry over one axis of a matrix."""

    def affine(self, node: Node) -> str:
        """A line for a product to which a row is added; see `_rewrite.add_to_products`."""
        raise NotImplementedError

    def accumulation(self, node: Node) -> str:
        """A line that adds a product to an array; see `_rewrite.accumulate`."""
        raise NotImplementedError

    def random(self, node: Node) -> str:
        """A line for a mask, or for normal numbers."""
        key = self.bind(self.key(node.args[0]))
        make = functools.partial(getattr(self._xp, node.op), self.array(node), *node.option[:-1])
        return self.copy(f"{self.bind(make)}({key}.item(), {node.option[-1]})", self.name(node))

    def key(self, node: Node) -> Any:
        """A place on the host for the key of a step."""
        cell = np.zeros((), np.int64)
        self._varying.append((node, cell))
        return cell

    @abstractmethod
    def copy(self, source: str, out: str) -> str:
        """A line that copies one array to another."""

    @abstractmethod
    def gather(self, x: Array, rows: Array, out: Array) -> None:
        """Take some rows of ``x`` to ``out``."""

    def batches(self, x: Array, order: Array) -> Generator[Array, None, None]:
        """The samples of each step, and after the last step any."""
        each = [*self._room]
        for _ in self.gathered(x, order, [self._room]):
            yield from each

    def gathered(
        self, x: Array, order: Array, rooms: Sequence[Array]
    ) -> Generator[int, None, None]:
        """Gather the samples of some small steps at once, and tell in which of the rooms."""
        ahead, size, *rest = rooms[0].shape
        flat = [room.reshape(ahead * size, *rest) for room in rooms]
        for k, start in enumerate(range(0, order.shape[0], ahead)):
            rows = order[start : start + ahead].reshape(-1)
            self.gather(x, rows, flat[k % len(flat)][: rows.shape[0]])
            yield k % len(flat)

    # ------------------------------------------------------------------ what goes where

    def _adopt_parts(self) -> dict[Node, tuple[Node, tuple[slice, ...]]]:
        """Which nodes are computed straight into their place within a concatenation."""
        adopted = {}
        for whole in self._steps:
            if whole.op != "concat" or whole in self._dynamic:
                continue
            for part, where in parts_of(whole):
                maker = _maker(part)
                flat = whole.ndim == 1 and maker.op in (*ELEMENTWISE, *_OTHERS)
                # A place among columns is in pieces, of which no other view can be had.
                plain = part is maker and all(use.op not in VIEWS for use in self.uses[maker])
                fits = flat or (maker.op in ELEMENTWISE and plain)
                free = maker not in adopted and maker not in self._keep
                # Read later than the whole, it might find the whole's place used for another.
                if fits and free and self._last[maker] == self._place[whole]:
                    adopted[maker] = whole, where
        return adopted

    def array(self, node: Node) -> Array:
        """The buffer, or view of one, that holds a node."""
        if node not in self._arrays:
            if node.op == "transpose":
                self._arrays[node] = self.array(node.args[0]).T
            elif node.op == "reshape":
                self._arrays[node] = self.array(node.args[0]).reshape(node.shape)
            elif node.op == "slice":
                self._arrays[node] = self.array(node.args[0])[node.option]
            elif node.is_scalar:
                self._arrays[node] = self._scalar(node)
            elif node.op in ("zeros", "ones"):
                make = getattr(self._xp, f"{node.op}_like")
                self._arrays[node] = make(self.empty(node.shape, node.dtype))
            elif node.op in ("addmm", "addmv"):
                self._arrays[node] = self.array(node.args[0])
            else:
                self._arrays[node] = self._make(node)
        return self._arrays[node]

    def _scalar(self, node: Node) -> Any:
        cell = self.cell(node.dtype)
        if depends_on_rates(node):
            self._varying.append((node, cell))
        else:
            self.fill(cell, numbers(node, np.zeros((1, 0))))
        return cell

    def _make(self, node: Node) -> Array:
        """A place for what a step computes: in its concatenation, or a buffer free by now."""
        if node in self._adopted:
            whole, where = self._adopted[node]
            return self.array(whole)[where].reshape(node.shape)
        for k, free in enumerate(self._free):
            if tuple(free.shape) == node.shape and free.dtype == self.kind(node.dtype):
                return self._free.pop(k)
        return self.empty(node.shape, node.dtype)

    def _in_place(self, node: Node, first: int) -> Array | None:
        """The state's buffer that a node succeeds, or one of an argument nobody reads any more."""
        place = self._place[node]
        if node in self._adopted or node in self._dynamic:
            return None
        if node.op not in ELEMENTWISE or node.op == "where":  # they read after they began to write
            return None
        if node in self._graph.results:
            before = self._graph.state[self._graph.results.index(node)]
            readers = self._readers(before)
            inside = [k for k in readers if first <= k <= place]
            direct = not any(self._shows(self._steps[k], before) for k in inside)
            passed_on = any(root_of(one) is before for one in self._graph.results)
            if not passed_on and direct and max(readers, default=-1) <= place:
                return self._arrays[before]
        group = self._steps[first : place + 1]
        for one in self.replaceable(node, group):
            fits = one.shape == node.shape and one.dtype == node.dtype
            owned = one in self._place and one not in self._keep and one not in self._adopted
            if not (fits and owned and self._last[one] <= place):
                continue
            array = self._arrays[one]
            shown = any(self._shows(other, one) for other in group)
            if array is not SCRATCH and not shown and not self._taken(array, place):
                return array
        return None

    def _shows(self, node: Node, root: Node) -> bool:
        """Whether a step reads another view of what ``root`` holds."""
        return any(one is not root and root_of(one) is root for one in node.args)

    def _readers(self, root: Node) -> list[int]:
        """Places of the steps that read a node, through views or not."""
        return [
            self._place[node]
            for node in self._steps
            if any(root_of(one) is root for one in node.args)
        ]

    # ------------------------------------------------------------------ calls

    def _groups(self) -> list[list[Node]]:
        """Runs of elementwise steps of one large shape, and every other step by itself."""
        groups: list[list[Node]] = []
        for node in self._steps:
            last = groups[-1][-1] if groups else None
            chained = (
                last is not None
                and self.is_chained(node)
                and self.is_chained(last)
                and last.shape == node.shape
                # Of what a chain computes, it knows no other view.
                and not any(self._shows(node, one) for one in groups[-1])
            )
            if chained:
                groups[-1].append(node)
            else:
                groups.append([node])
        return groups

    def touches_dynamic(self, node: Node) -> bool:
        """Whether a step reads or writes what is another array at each step."""
        return any(root_of(one) in self._dynamic for one in (node, *node.args))

    def _emit(self, group: list[Node]) -> None:
        first = self._place[group[0]]
        chained = len(group) > 1 or self.is_chained(group[0])
        local = self._local(group) if chained else set()
        for node in group:
            if node in local:
                self._arrays[node] = SCRATCH
                continue
            out = self._in_place(node, first)
            if out is None and node in self._dynamic:
                continue
            self._arrays[node] = self.array(node) if out is None else out
        if chained:
            self._lines += self.chain(group, local)
        else:
            for node in group:
                self._lines += self._line(node)
        self._release(group)

    def _local(self, group: list[Node]) -> set[Node]:
        """Steps of a chain that nothing outside it reads: a block's room is enough for them."""
        inside = set(group)
        return {
            node
            for node in group
            if node not in self._keep
            and node not in self._adopted
            and all(use in inside for use in self.uses[node])
        }

    def _line(self, node: Node) -> list[str]:
        if node.op in ELEMENTWISE:
            return self.elementwise(node, [self.name(one) for one in node.args], self.name(node))
        if node.op == "matmul":
            left, right = (self.name(one) for one in node.args)
            return [self.matmul(left, right, self.name(node))]
        if node.op == "affine":
            return [self.affine(node)]
        if node.op in ("sum", "max"):
            return self.reduction(node)
        if node.op in ("addmm", "addmv"):
            return [self.accumulation(node)]
        if node.op in _RANDOM:
            return [self.random(node)]
        moving = node in self._dynamic
        return [
            self.copy(
                self.name(part),
                f"{self.name(node)}[{self.bind(where)}]"
                if moving
                else self.bind(self.array(node)[where]),
            )
            for part, where in parts_of(node)
            if self._adopted.get(_maker(part)) != (node, where)
        ]

    def _release(self, group: list[Node]) -> None:
        """Give back the buffers that no later step reads."""
        place = self._place[group[-1]]
        for node in group:
            for one in node.args:
                root = root_of(one)
                array = self._arrays.get(root)
                if (
                    array is None
                    or array is SCRATCH
                    or root.op in LEAVES
                    or root.is_scalar
                    or root in self._keep
                    or root in self._adopted
                    or self._last[root] > place
                    or array.nbytes < self.reused
                ):
                    continue
                if not self._taken(array, place) and not any(array is free for free in self._free):
                    self._free.append(array)

    def _taken(self, array: Array, place: int) -> bool:
        """Whether what a buffer holds is read after a place, or stays."""
        still = (*self._keep, *self._graph.state)
        return any(array is self._arrays.get(node) for node in still) or any(
            other is array and self._last.get(node, -1) > place
            for node, other in self._arrays.items()
        )

    def _finish(self) -> None:
        """Bring results to the state's buffers where they were not computed there."""
        moves = []
        for before, after in zip(self._graph.state, self._graph.results, strict=True):
            if self.array(after) is self._arrays[before]:
                continue
            source = self.name(after)
            if root_of(after) in self._graph.state:  # which another result may overwrite first
                aside = self.bind(self.empty(after.shape, after.dtype))
                self._lines.append(self.copy(source, aside))
                source = aside
            moves.append(self.copy(source, self.bind(self._arrays[before])))
        self._lines += moves
        if self._graph.z not in self._dynamic:
            self._lines.append(self.copy(self.name(self._graph.z), "z_k"))

    def name(self, node: Node) -> str:
        """What the code calls the array of a node."""
        if node in self._dynamic:
            return self._dynamic[node]
        if root_of(node) in self._dynamic:
            return self._view_of_dynamic(node)
        return self.bind(self.array(node))

    def _view_of_dynamic(self, node: Node) -> str:
        inner = self.name(node.args[0])
        if node.op == "transpose":
            return f"{inner}.T"
        if node.op == "reshape":
            return f"{inner}.reshape({node.shape})"
        return f"{inner}[{self.bind(node.option)}]"

    def bind(self, thing: Any) -> str:
        """A name for an object, the same each time."""
        if id(thing) not in self._known:
            self._known[id(thing)] = f"v{len(self._known)}"
            self._names[self._known[id(thing)]] = thing
        return self._known[id(thing)]

    def _assemble(self, template: str) -> Callable[..., Any]:
        self._names |= self.functions
        # Bound as defaults, so that each is a local variable of the loop.
        bound = ", ".join(f"{name}={name}" for name in self._names)
        rates = [name for node, name in self._dynamic.items() if node.is_scalar]
        self.source = template.format(
            bound=bound,
            rates=f"({', '.join(rates)}{',' * bool(rates)})",
            body="".join(f"        {line}\n" for line in self._lines),
        )
        scope = dict(self._names)
        exec(compile(self.source, "<bpnet plan>", "exec"), scope)
        return scope.pop("run")  # type: ignore[no-any-return]  # no cycle: it goes with its plan


_ONCE = """\
def run(x_k, z_k, *, {bound}):
    if True:
{body}\
"""


def planned(backend: Backend, step: Step, plan: type[Plan], plain: Run | None) -> Run:
    """A run, as of `compile_step`, by one plan for each size of mini-batch.

    Parameters
    ----------
    backend : Backend
    step : callable
    plan : type of Plan
    plain : callable or None
        The run that serves where a step cannot be planned; the run raises ValueError where there
        is none.
    """
    plans: dict[int, Plan | None] = {}
    buffers: list[Array] = []
    build: Callable[[list[Array]], Any]

    def run(
        state: Any,
        x: Array,
        y: Array,
        order: np.ndarray[Any, Any],
        rates: Sequence[tuple[float, ...]],
        stop: Callable[[], bool] | None = None,
    ) -> tuple[Any, Array | None]:
        nonlocal build
        if not len(order):
            return state, None
        size, given = order.shape[1], _leaves(state)
        if size not in plans:
            shapes = (size, *x.shape[1:]), (size, *y.shape[1:])
            try:
                graph, build = record(
                    step, backend.dtype, state, *shapes, rates[0], plan.has, plan.low
                )
            except UnplannableError as error:
                if plain is None:
                    raise ValueError(
                        f"training cannot compute in {backend.compute_dtype} on {backend.name}, as "
                        f"a step has {error}; another compute_dtype can"
                    ) from error
                plans[size] = None
            else:
                plan.rewrite(graph, backend)
                buffers.extend(backend.copy(one) for one in given[len(buffers) :])
                plans[size] = plan(backend, graph, buffers)
        made = plans[size]
        if made is None:
            assert plain is not None
            done: tuple[Any, Array | None] = plain(state, x, y, order, rates, stop)
            return done
        for buffer, one in zip(buffers, given, strict=True):
            if buffer is not one:
                buffer[...] = one
        rows = backend.from_host(order, "int64")
        count, outputs = made.run(x, y, rows, rates, stop or _never)
        return build(buffers), outputs[:count] if count else None

    return run


def planned_forward(
    backend: Backend, forward: Forward, plan: type[Plan], plain: ForwardRun
) -> ForwardRun:
    """A forward pass, as of `compile_forward`, by a plan where samples are few.

    Where they are many, the calls are not what takes the time.
    """
    plans: dict[tuple[int, ...], Plan | None] = {}
    seen: list[Array] = []
    import threading  # not needed by `import bpnet`

    lock = threading.Lock()

    def step(xp: Any, state: Any, x: Array, y: Array, rates: Any) -> tuple[Any, Array]:
        return state, forward(xp, state, x)

    def make(state: Any, x: Array) -> Plan | None:
        try:
            shapes = x.shape, (x.shape[0], 1)
            graph, _ = record(step, backend.dtype, state, *shapes, (), plan.has)
        except UnplannableError:
            return None
        return plan(backend, graph, _leaves(state), once=True)

    def run(state: Any, x: Array) -> Array:
        nonlocal seen
        if x.shape[0] > _FEW or not lock.acquire(blocking=False):  # another thread has the buffers
            return plain(state, x)
        try:
            leaves = _leaves(state)
            if len(leaves) != len(seen) or any(map(operator.is_not, leaves, seen)):
                plans.clear()
                seen = leaves
            if x.shape not in plans:
                plans[x.shape] = make(state, x)
            made = plans[x.shape]
            return plain(state, x) if made is None else made.forward(x)
        finally:
            lock.release()

    return run


_FEW = 16
SCRATCH: Any = object()
"""Stands for an array that exists within a chain alone."""
_RANDOM = ("keep_mask", "normal")
_OTHERS = ("matmul", "affine", "sum", "max", "concat", "addmm", "addmv", *_RANDOM)


def _leaves(state: Any) -> list[Array]:
    """The arrays of a state, nested tuples laid flat."""
    if isinstance(state, tuple):
        return [leaf for part in state for leaf in _leaves(part)]
    return [state]


def _never() -> bool:
    return False


def _maker(part: Node) -> Node:
    """The node that a part of a concatenation is, but for its shape."""
    while part.op == "reshape":
        part = part.args[0]
    return part
