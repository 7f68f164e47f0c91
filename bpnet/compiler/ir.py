"""The intermediate representation of a step: a graph of array operations, as plain data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from .._lib.frozen import Frozen

__all__ = [
    "BFLOAT16",
    "COMPARISONS",
    "COMPUTED",
    "ELEMENTWISE",
    "IN_PLACE",
    "LEAVES",
    "OPTIONAL",
    "RANDOM",
    "VIEWS",
    "Graph",
    "Node",
    "Pass",
    "parts_of",
    "root_of",
    "scalar_text",
    "slice_text",
    "split_scaled",
]

COMPARISONS = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
UNARY = ("abs", "exp", "expm1", "log", "log1p", "negative", "sign", "sqrt", "square", "tanh")
BINARY = ("add", "subtract", "multiply", "divide", "maximum", "minimum", *COMPARISONS)
FUSED = frozenset(("addscaled", "addquotient", "gate"))
"""Elementwise operations that a pass makes of several."""
OPTIONAL = frozenset(("erf", "sigmoid"))
"""Functions that some libraries have; for the others they are written out."""
FUNCTIONS = (*UNARY, *BINARY, "where")
"""Elementwise functions that every library has under this name."""
ELEMENTWISE = frozenset((*FUNCTIONS, *FUSED, *OPTIONAL, "astype"))
VIEWS = frozenset(("transpose", "reshape", "slice"))
LEAVES = frozenset(("input", "constant", "rate", "zeros", "ones"))
SCALARS = frozenset(("constant", "rate", "scalar"))
IN_PLACE = frozenset(("addmm", "addmv"))
"""Operations that change their first operand instead of making an array."""
RANDOM = frozenset(("keep_mask", "normal"))
COMPUTED = ELEMENTWISE | IN_PLACE | RANDOM | {"matmul", "affine", "sum", "max", "concat"}
"""Operations that take a call; the others are views, inputs and scalars."""


class _BFloat16:
    """The upper half of float32. NumPy has no such type: 16-bit integers hold it."""

    name, itemsize = "bfloat16", 2

    def __repr__(self) -> str:
        return self.name


BFLOAT16 = _BFloat16()


class Node:
    """An array that a step computes; compared by identity, and immutable.

    Attributes
    ----------
    op : str
        The operation: a function's name, or one of ``input``, ``constant``, ``rate``, ``scalar``,
        ``zeros``, ``ones``, ``transpose``, ``reshape``, ``slice``, ``concat``, ``sum``, ``max``,
        ``matmul``, ``keep_mask``, ``normal``, or an operation that a pass introduced.
    args : tuple of Node
        Its operands, each an edge of the graph.
    shape : tuple of int
    dtype : numpy.dtype or BFLOAT16
    option : object
        Its other attributes: a constant's value, an input's name, a slice, an axis, ...
    """

    __slots__ = ("__weakref__", "args", "dtype", "op", "option", "shape")

    op: str
    args: tuple[Node, ...]
    shape: tuple[int, ...]
    dtype: Any
    option: Any

    def __init__(
        self,
        op: str,
        args: tuple[Node, ...],
        shape: tuple[int, ...],
        dtype: Any,
        option: Any = None,
    ) -> None:
        put = object.__setattr__
        put(self, "op", op)
        put(self, "args", args)
        put(self, "shape", shape)
        put(self, "dtype", dtype if dtype is BFLOAT16 else np.dtype(dtype))
        put(self, "option", option)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a node cannot be changed: {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a node cannot be changed: {name}")

    def __repr__(self) -> str:
        return f"<{self.op} {self.shape} {'' if self.option is None else self.option}>"

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def is_scalar(self) -> bool:
        """Whether it is a number computed from constants and rates alone."""
        return self.op in SCALARS

    def replaced(self, **changes: Any) -> Node:
        """A new node with some attributes changed."""
        return Node(
            changes.get("op", self.op),
            changes.get("args", self.args),
            changes.get("shape", self.shape),
            changes.get("dtype", self.dtype),
            changes.get("option", self.option),
        )


class Graph(Frozen):
    """The operations of a step; immutable.

    Attributes
    ----------
    nodes : tuple of Node
        In an order in which they can be computed.
    state : tuple of Node
        The inputs that are the state's arrays.
    x, y : Node
        The inputs that are the mini-batch.
    results : tuple of Node
        The next values of the state's arrays.
    z : Node
        The weighted input of the output layer.
    """

    nodes: tuple[Node, ...]
    state: tuple[Node, ...]
    x: Node
    y: Node
    results: tuple[Node, ...]
    z: Node

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The inputs of a step, without its rates."""
        return (*self.state, self.x, self.y)

    @property
    def outputs(self) -> tuple[Node, ...]:
        """The outputs of a step."""
        return (*self.results, self.z)

    def uses(self) -> dict[Node, list[Node]]:
        """For each node, the nodes that read it."""
        uses: dict[Node, list[Node]] = {node: [] for node in self.nodes}
        for node in self.nodes:
            for one in dict.fromkeys(node.args):
                uses[one].append(node)
        return uses

    def pruned(self) -> Graph:
        """The graph without nodes on which no output depends."""
        wanted = {*self.inputs, *self.outputs}
        for node in reversed(self.nodes):
            if node in wanted:
                wanted.update(node.args)
        kept = tuple(node for node in self.nodes if node in wanted)
        return Graph(kept, self.state, self.x, self.y, self.results, self.z)

    def rewritten(self, changes: Mapping[Node, Node], order: Iterable[Node] | None = None) -> Graph:
        """A new graph with some nodes replaced and unused nodes removed.

        Parameters
        ----------
        changes : mapping of Node to Node
            The replacement of each node, which takes its place. It may have nodes of this graph as
            operands, which stand for their own replacements, and new ones, which come right before
            it. Within its own replacement a node stands for itself.
        order : iterable of Node, optional
            In which order nodes are computed, by default in that of this graph. A node comes
            earlier where an operand is needed earlier.
        """
        if not changes and order is None:
            return self
        made: dict[Node, Node] = {}
        nodes: list[Node] = []

        def build(node: Node) -> Node:
            if node not in made:
                args = tuple([made[one] if one in made else build(one) for one in node.args])
                same = all(map(_is_same, args, node.args))
                made[node] = node if same else node.replaced(args=args)
                nodes.append(made[node])
            return made[node]

        for node in self.nodes if order is None else order:
            made[node] = build(changes.get(node, node))
        results = tuple(made[node] for node in self.results)
        return Graph(tuple(nodes), self.state, self.x, self.y, results, made[self.z]).pruned()

    def __str__(self) -> str:
        named = [node for node in self.nodes if node.op != "input" and not node.is_scalar]
        names = {node: f"%{k}" for k, node in enumerate(named)}
        lines = [_line(node, names) for node in named]
        lines += [
            f"{before.option} <- {_name(after, names)}"
            for before, after in zip(self.state, self.results, strict=True)
        ]
        return "\n".join([*lines, f"z = {_name(self.z, names)}"])


Pass = Callable[[Graph], Graph]
"""A rewriting: a graph becomes another that computes the same, but for rounding."""


def _is_same(one: Node, other: Node) -> bool:
    return one is other


# ------------------------------------------------------------------ a graph in print


def slice_text(keys: tuple[slice, ...]) -> str:
    """``[0:6, ::2]``."""

    def one(key: slice) -> str:
        start, stop, step = ("" if k is None else str(k) for k in (key.start, key.stop, key.step))
        return f"{start}:{stop}" + f":{step}" * bool(step)

    return f"[{', '.join(map(one, keys))}]"


def scalar_text(node: Node) -> str:
    """``multiply(rate0, 0.5)``."""
    if node.op == "constant":
        return repr(node.option)
    if node.op == "rate":
        return f"rate{node.option}"
    return f"{node.option}({', '.join(map(scalar_text, node.args))})"


def _name(node: Node, names: Mapping[Node, str]) -> str:
    if node in names:
        return names[node]
    return scalar_text(node) if node.is_scalar else str(node.option)


def _line(node: Node, names: Mapping[Node, str]) -> str:
    """``%3 = add(%1, %2)  (4, 2) float64``."""
    inner = [_name(one, names) for one in node.args]
    if node.op == "slice":
        inner.append(slice_text(node.option))
    elif node.op in ("sum", "max"):
        axis, keepdims = node.option
        inner += [f"axis={axis}", *["keepdims"] * keepdims]
    elif node.op in IN_PLACE:
        axis, beta, sign = node.option
        inner += [*[f"axis={axis}"] * (axis is not None), f"beta={beta}", f"sign={sign}"]
    elif node.op == "concat":
        inner.append(f"axis={node.option}")
    elif node.option is not None:
        inner.append(str(node.option))
    return f"{names[node]} = {node.op}({', '.join(inner)})  {node.shape} {node.dtype.name}"


# ------------------------------------------------------------------ helpers of passes


def root_of(node: Node) -> Node:
    """The node whose memory a view shows."""
    while node.op in VIEWS:
        node = node.args[0]
    return node


def parts_of(whole: Node) -> Iterator[tuple[Node, tuple[slice, ...]]]:
    """The operands of a concatenation, and where in it each lies."""
    start, axis = 0, whole.option
    for part in whole.args:
        stop = start + part.shape[axis]
        yield part, (*(slice(None),) * axis, slice(start, stop))
        start = stop


def split_scaled(node: Node) -> tuple[Node, Node]:
    """The two operands of an operation, the scalar first if there is one."""
    first, second = node.args
    return (first, second) if first.is_scalar else (second, first)
