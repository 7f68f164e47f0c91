"""A recorded step as straight NumPy calls into buffers made beforehand.

Three things make it fast: no call allocates, numbers are 0-d arrays of the right type, and chains
of elementwise operations over large arrays go block by block through the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from ._record import ELEMENTWISE, VIEWS, Graph, Node

__all__ = ["Plan"]

HostArray: TypeAlias = np.ndarray[Any, Any]

_BLOCK = 2**15  # elements of a block of a chain: some such blocks lie in a core's cache together


class Plan:
    """The calls that one step of given shapes makes.

    Parameters
    ----------
    graph : Graph
        Is changed.
    state : list of numpy.ndarray
        The state's buffers, which each step changes in place.

    Notes
    -----
    Not re-entrant: the buffers are its own.
    """

    def __init__(self, graph: Graph, state: Sequence[HostArray]) -> None:
        self._graph = graph
        self._arrays: dict[Node, HostArray] = dict(zip(graph.state, state, strict=True))
        self._names: dict[str, Any] = {}
        self._known: dict[int, str] = {}
        self._lines: list[str] = []
        self._varying: list[tuple[Node, HostArray]] = []
        self._free: list[HostArray] = []
        self._dynamic = {graph.y: "y_k"}
        self._x = np.empty(graph.x.shape, graph.x.dtype)
        self._arrays[graph.x] = self._x
        self._steps = [n for n in graph.nodes if n.op in ELEMENTWISE or n.op in _EMIT]
        self._place = {node: k for k, node in enumerate(self._steps)}
        self._uses = graph.uses()
        self._last: dict[Node, int] = {}
        for node in self._steps:
            for one in node.args:
                self._last[_root(one)] = self._place[node]
        self._keep = {graph.x, graph.y, graph.z, *graph.results}
        if graph.z.op == "matmul" or graph.z.op in ELEMENTWISE:
            self._dynamic[graph.z] = "z_k"
        self._adopted = self._adopt_parts()
        for group in self._groups():
            self._emit(group)
        self._finish()
        self._run = self._assemble()

    def run(
        self,
        x: HostArray,
        y: HostArray,
        order: HostArray,
        rates: Sequence[tuple[float, ...]],
        stop: Callable[[], bool],
    ) -> HostArray:
        """Do a step for each row of ``order``; see `Backend.compile`. Returns outputs z."""
        outputs = np.empty((len(order), *self._graph.z.shape), self._graph.z.dtype)
        targets = y.take(order.reshape(-1), 0).reshape(*order.shape, -1)
        table = np.asarray(rates, dtype=np.float64).reshape(len(order), -1)
        varying = []
        for node, cell in self._varying:
            values = np.broadcast_to(_numbers(node, table), len(order)).astype(cell.dtype)
            cell[()] = values[0]
            if not (values == values[0]).all():
                varying.append((cell, values))
        done = self._run(x.take, order, targets, outputs, varying, stop)
        return outputs[:done]

    # ------------------------------------------------------------------ what goes where

    def _adopt_parts(self) -> dict[Node, tuple[Node, tuple[slice, ...]]]:
        """Which nodes are computed straight into their place within a concatenation."""
        adopted = {}
        for whole in self._steps:
            if whole.op != "concat":
                continue
            for part, where in _parts(whole):
                maker = part
                while maker.op == "reshape":
                    maker = maker.args[0]
                flat = whole.ndim == 1 and maker.op in (*ELEMENTWISE, *_EMIT)
                fits = flat or (maker.op in ELEMENTWISE and part is maker)
                once = maker not in adopted and whole.args.count(part) == 1
                if fits and once and maker not in self._keep:
                    adopted[maker] = whole, where
        return adopted

    def _array(self, node: Node) -> HostArray:
        """The buffer, or view of one, that holds a node."""
        if node not in self._arrays:
            if node.op == "transpose":
                self._arrays[node] = self._array(node.args[0]).T
            elif node.op == "reshape":
                self._arrays[node] = self._array(node.args[0]).reshape(node.shape)
            elif node.op == "slice":
                self._arrays[node] = self._array(node.args[0])[node.option]
            elif node.is_scalar:
                self._arrays[node] = self._scalar(node)
            elif node.op == "zeros":
                self._arrays[node] = np.zeros(node.shape, node.dtype)
            else:
                self._arrays[node] = self._make(node)
        return self._arrays[node]

    def _scalar(self, node: Node) -> HostArray:
        cell = np.zeros((), node.dtype)
        if _depends_on_rates(node):
            self._varying.append((node, cell))
        else:
            cell[()] = _numbers(node, np.zeros((1, 0)))
        return cell

    def _make(self, node: Node) -> HostArray:
        """A place for what a step computes: in its concatenation, or a buffer free by now."""
        if node in self._adopted:
            whole, where = self._adopted[node]
            return self._array(whole)[where].reshape(node.shape)
        for k, free in enumerate(self._free):
            if free.shape == node.shape and free.dtype == node.dtype:
                return self._free.pop(k)
        return np.empty(node.shape, node.dtype)

    def _in_place(self, node: Node, first: int) -> HostArray | None:
        """The state's buffer that a node succeeds, or one of an argument nobody reads any more."""
        place = self._place[node]
        if node in self._adopted or node in self._dynamic:
            return None
        if node in self._graph.results:
            before = self._graph.state[self._graph.results.index(node)]
            readers = self._readers(before)
            inside = [k for k in readers if first <= k <= place]
            direct = all(before in self._steps[k].args for k in inside)
            if before not in self._graph.results and direct and max(readers, default=-1) <= place:
                return self._arrays[before]
        if node.op == "where":  # writes its result in two goes
            return None
        for one in node.args:
            fits = one.shape == node.shape and one.dtype == node.dtype
            owned = one in self._steps and one not in self._keep and one not in self._adopted
            if fits and owned and self._last[one] == place:
                array = self._arrays[one]
                if array is not _SCRATCH:
                    return array
        return None

    def _readers(self, root: Node) -> list[int]:
        """Places of the steps that read a node, through views or not."""
        return [
            self._place[node]
            for node in self._steps
            if any(_root(one) is root for one in node.args)
        ]

    # ------------------------------------------------------------------ calls

    def _groups(self) -> list[list[Node]]:
        """Runs of elementwise steps of one large shape, and every other step by itself."""
        groups: list[list[Node]] = []
        for node in self._steps:
            last = groups[-1][-1] if groups else None
            chained = (
                last is not None
                and self._is_chained(node)
                and self._is_chained(last)
                and last.shape == node.shape
            )
            if chained:
                groups[-1].append(node)
            else:
                groups.append([node])
        return groups

    def _is_chained(self, node: Node) -> bool:
        """Whether a step belongs into a chain that goes block by block."""
        touches = (node, *node.args)
        return (
            node.op in ELEMENTWISE
            and node.op != "where"
            and node.size >= 2 * _BLOCK
            and not any(_root(one) in self._dynamic for one in touches)
        )

    def _emit(self, group: list[Node]) -> None:
        first = self._place[group[0]]
        chained = self._is_chained(group[0])
        local = self._local(group) if chained else set()
        for node in group:
            if node in local:
                self._arrays[node] = _SCRATCH
                continue
            out = self._in_place(node, first)
            if out is None and node in self._dynamic:
                continue
            self._arrays[node] = self._array(node) if out is None else out
        if chained:
            self._emit_chain(group, local)
        else:
            for node in group:
                self._lines += _EMIT.get(node.op, _elementwise)(self, node)
        self._release(group)

    def _local(self, group: list[Node]) -> set[Node]:
        """Steps of a chain that nothing outside it reads: a block's room is enough for them."""
        inside = set(group)
        return {
            node
            for node in group
            if node not in self._keep
            and node not in self._adopted
            and all(use in inside for use in self._uses[node])
        }

    def _emit_chain(self, group: list[Node], local: set[Node]) -> None:
        """A loop over blocks of rows, all of a chain's steps for each."""
        shape = group[0].shape
        rows = max(1, _BLOCK // max(1, group[0].size // shape[0]))
        bounds = [(r, min(r + rows, shape[0])) for r in range(0, shape[0], rows)]
        columns: dict[str, list[HostArray]] = {}
        names: dict[tuple[int, Any], str] = {}
        scratch: list[_Blocks] = []
        held: dict[Node, _Blocks] = {}

        def name(node: Node) -> str:
            array = held[node] if node in local else self._array(node)
            if array.ndim < len(shape) or array.shape[0] != shape[0]:
                return self._bind(array)
            key = id(array), node.shape
            if key not in names:
                names[key] = f"c{len(names)}"
                columns[names[key]] = [array[low:high] for low, high in bounds]
            return names[key]

        body = []
        for k, node in enumerate(group):
            arguments = [name(one) for one in node.args]
            if node in local:
                later = group[k + 1 :]
                still = [held[n] for n in held if any(use in later for use in self._uses[n])]
                free = (b for b in scratch if b.dtype == node.dtype and b not in still)
                held[node] = next(free, None) or _Blocks(rows, shape, node.dtype)
                scratch.append(held[node])
            body += _elementwise(self, node, arguments, name(node))
        variables = list(columns)
        blocks = list(zip(*columns.values(), strict=True))
        if len(variables) == 1:
            blocks = [one[0] for one in blocks]
        self._lines.append(f"for {', '.join(variables)} in {self._bind(blocks)}:")
        self._lines += [f"    {line}" for line in body]

    def _release(self, group: list[Node]) -> None:
        """Give back the buffers that no later step reads."""
        place = self._place[group[-1]]
        for node in group:
            for one in node.args:
                root = _root(one)
                array = self._arrays.get(root)
                if (
                    array is None
                    or array is _SCRATCH
                    or root.op in ("input", "zeros")
                    or root.is_scalar
                    or root in self._keep
                    or root in self._adopted
                    or self._last[root] > place
                ):
                    continue
                taken = any(
                    other is array and self._last.get(n, -1) > place
                    for n, other in self._arrays.items()
                ) or any(array is self._arrays.get(n) for n in (*self._keep, *self._graph.state))
                if not taken and not any(array is free for free in self._free):
                    self._free.append(array)

    def _finish(self) -> None:
        """Bring results to the state's buffers where they were not computed there."""
        for before, after in zip(self._graph.state, self._graph.results, strict=True):
            if self._array(after) is not self._arrays[before]:
                self._lines.append(
                    f"copyto({self._bind(self._arrays[before])}, {self.name(after)})"
                )
        if self._graph.z not in self._dynamic:
            self._lines.append(f"copyto(z_k, {self.name(self._graph.z)})")

    def name(self, node: Node) -> str:
        """What the code calls the array of a node."""
        if node in self._dynamic:
            return self._dynamic[node]
        if _root(node) in self._dynamic:
            return self._view_of_dynamic(node)
        return self._bind(self._array(node))

    def _view_of_dynamic(self, node: Node) -> str:
        inner = self.name(node.args[0])
        if node.op == "transpose":
            return f"{inner}.T"
        if node.op == "reshape":
            return f"{inner}.reshape({node.shape})"
        return f"{inner}[{self._bind(node.option)}]"

    def _bind(self, thing: Any) -> str:
        """A name for an object, the same each time."""
        if id(thing) not in self._known:
            self._known[id(thing)] = f"v{len(self._known)}"
            self._names[self._known[id(thing)]] = thing
        return self._known[id(thing)]

    def ones(self, n: int, dtype: Any) -> str:
        """A vector of ones, with which a product is a sum."""
        key = f"ones{n}"
        if key not in self._names:
            self._names[key] = np.ones(n, dtype)
        return key

    def _assemble(self) -> Callable[..., int]:
        for op in {node.op for node in self._steps} & ELEMENTWISE - {"astype", "where"}:
            self._names[op] = getattr(np, op)
        self._names |= {
            "copyto": np.copyto,
            "dot": np.dot,
            "matmul": np.matmul,
            "largest": np.maximum.reduce,
            "where": np.where,
            "x_k": self._x,
        }
        # Bound as defaults, so that each is a local variable of the loop.
        bound = ", ".join(f"{name}={name}" for name in self._names)
        body = "\n".join(f"        {line}" for line in self._lines)
        source = (
            f"def run(take, order, targets, outputs, varying, stop, *, {bound}):\n"
            f"    k = -1\n"
            f"    for k, (rows, y_k, z_k) in enumerate(zip(order, targets, outputs)):\n"
            f"        if stop():\n"
            f"            return k\n"
            f"        for cell, values in varying:\n"
            f"            cell[()] = values[k]\n"
            f"        take(rows, 0, x_k, 'clip')\n"
            f"{body}\n"
            f"    return k + 1\n"
        )
        self.source = source
        scope = dict(self._names)
        exec(compile(source, "<bpnet plan>", "exec"), scope)
        run: Callable[..., int] = scope["run"]
        return run


_SCRATCH = np.empty(0)


class _Blocks:
    """A block's room, that stands for an array of which each block goes through it in turn."""

    def __init__(self, rows: int, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape, self.ndim, self.dtype = shape, len(shape), dtype
        self._room = np.empty((rows, *shape[1:]), dtype)

    def __getitem__(self, rows: slice) -> HostArray:
        return self._room[: rows.stop - rows.start]


def _root(node: Node) -> Node:
    """The node whose memory a view shows."""
    while node.op in VIEWS:
        node = node.args[0]
    return node


def _parts(whole: Node) -> Iterator[tuple[Node, tuple[slice, ...]]]:
    """The arguments of a concatenation, and where in it each lies."""
    start, axis = 0, whole.option
    for part in whole.args:
        stop = start + part.shape[axis]
        yield part, (*(slice(None),) * axis, slice(start, stop))
        start = stop


def _depends_on_rates(node: Node) -> bool:
    return node.op == "rate" or any(_depends_on_rates(one) for one in node.args)


def _numbers(node: Node, rates: HostArray) -> Any:
    """A number at each step, computed in double precision."""
    if node.op == "constant":
        return node.option
    if node.op == "rate":
        return rates[:, node.option]
    return getattr(np, node.option)(*(_numbers(one, rates) for one in node.args))


def _elementwise(
    plan: Plan, node: Node, arguments: Sequence[str] | None = None, out: str | None = None
) -> list[str]:
    arguments = arguments or [plan.name(one) for one in node.args]
    out = out or plan.name(node)
    if node.op == "astype":
        return [f"copyto({out}, {arguments[0]}, 'unsafe')"]
    if node.op == "where":
        return [f"copyto({out}, where({', '.join(arguments)}))"]
    return [f"{node.op}({', '.join(arguments)}, {out})"]


def _matmul(plan: Plan, node: Node) -> list[str]:
    # `dot` has less to decide than `matmul`; its `out` must be contiguous, and all ours are.
    left, right = (plan.name(one) for one in node.args)
    return [f"dot({left}, {right}, {plan.name(node)})"]


def _sum(plan: Plan, node: Node) -> list[str]:
    # A product with ones is a sum, by BLAS and with a third of the overhead of `add.reduce`.
    axis, (x,) = node.option[0], node.args
    ones = plan.ones(x.shape[axis], node.dtype)
    out = plan._bind(plan._array(node).reshape(-1))
    pair = (ones, plan.name(x)) if axis == 0 else (plan.name(x), ones)
    return [f"dot({pair[0]}, {pair[1]}, {out})"]


def _max(plan: Plan, node: Node) -> list[str]:
    axis, keepdims = node.option
    return [f"largest({plan.name(node.args[0])}, {axis}, None, {plan.name(node)}, {keepdims})"]


def _concat(plan: Plan, node: Node) -> list[str]:
    lines = []
    for part, where in _parts(node):
        if _root(part) not in plan._adopted:
            lines.append(f"copyto({plan._bind(plan._array(node)[where])}, {plan.name(part)})")
    return lines


_EMIT: dict[str, Callable[..., list[str]]] = {
    "matmul": _matmul,
    "sum": _sum,
    "max": _max,
    "concat": _concat,
}
