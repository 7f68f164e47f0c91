"""Recording a training step: the graph of array operations that it performs.

The step is run once with a `Recorder` in place of the array API namespace and `Node` objects in
place of arrays. What comes out is a list of nodes in the order of their creation, from which a
backend makes something faster than one call after another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np

from ..backends.erf import erf
from ..backends.namespaces import sigmoid_by_tanh
from .step import Step

__all__ = [
    "BFLOAT16",
    "ELEMENTWISE",
    "LEAVES",
    "PERHAPS",
    "REWRITTEN",
    "VIEWS",
    "Graph",
    "Node",
    "Recorder",
    "UnplannableError",
    "depends_on_rates",
    "numbers",
    "parts_of",
    "record",
    "root_of",
]

_COMPARISONS = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
_UNARY = ("abs", "exp", "expm1", "log", "log1p", "negative", "sign", "sqrt", "square", "tanh")
_BINARY = ("add", "subtract", "multiply", "divide", "maximum", "minimum", *_COMPARISONS)
REWRITTEN = frozenset(
    ("addscaled", "addquotient", "gate")
)  # what a rewriting makes of several operations
# What some libraries have, and for others is written out.
PERHAPS = frozenset(("erf", "sigmoid"))
ELEMENTWISE = frozenset((*_UNARY, *_BINARY, "where", "astype", *REWRITTEN, *PERHAPS))
VIEWS = frozenset(("transpose", "reshape", "slice"))
LEAVES = frozenset(("input", "constant", "rate", "zeros", "ones"))


class _BFloat16:
    """The upper half of float32, which NumPy has no type for: 16-bit integers hold it."""

    name, itemsize = "bfloat16", 2

    def __repr__(self) -> str:
        return self.name


BFLOAT16 = _BFloat16()


class UnplannableError(Exception):
    """A step does what a plan does not know; the plain loop does it instead."""


class Node:
    """An array that a step would have computed.

    Attributes
    ----------
    op : str
        What makes it: a function's name, or one of ``input``, ``constant``, ``rate``, ``zeros``,
        ``ones``, ``transpose``, ``reshape``, ``slice``, ``concat``, ``sum``, ``max``, ``matmul``,
        ``keep_mask``, ``normal``, or what a rewriting put there.
    args : tuple of Node
    option : object
        A constant's value, an input's name, a slice, an axis, ...
    shape : tuple of int
    dtype : numpy.dtype or BFLOAT16
    """

    __array_ufunc__ = None  # NumPy's own functions refuse a node instead of making an object array

    def __init__(
        self,
        recorder: Recorder,
        op: str,
        args: tuple[Node, ...],
        shape: tuple[int, ...],
        dtype: Any,
        option: Any = None,
    ) -> None:
        self.recorder, self.op, self.args, self.option = recorder, op, args, option
        self.shape = shape
        self.dtype: Any = dtype if dtype is BFLOAT16 else np.dtype(dtype)
        recorder.nodes.append(self)

    def __repr__(self) -> str:
        return f"<{self.op} {self.shape} {self.option or ''}>"

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def device(self) -> str:
        return "cpu"

    @property
    def is_scalar(self) -> bool:
        """Whether it depends on constants and rates alone."""
        return self.op in ("constant", "rate") or self.op == "scalar"

    @property
    def T(self) -> Node:  # noqa: N802 - the standard's name
        return Node(self.recorder, "transpose", (self,), self.shape[::-1], self.dtype)

    def reshape(self, shape: Sequence[int]) -> Node:
        return self.recorder.reshape(self, shape)

    def __getitem__(self, key: Any) -> Node:
        keys = key if isinstance(key, tuple) else (key,)
        if not all(isinstance(one, slice) for one in keys) or len(keys) > self.ndim:
            raise UnplannableError(f"index {key!r}")
        keys = (*keys, *(slice(None),) * (self.ndim - len(keys)))
        shape = tuple(len(range(*one.indices(n))) for one, n in zip(keys, self.shape, strict=True))
        return Node(self.recorder, "slice", (self,), shape, self.dtype, keys)

    def __bool__(self) -> NoReturn:
        raise UnplannableError("a branch on an array's value")

    __float__ = __int__ = __index__ = __iter__ = __array__ = __bool__

    def __eq__(self, other: object) -> Any:
        # An operation while a step is recorded; afterwards nodes are things in lists and sets.
        return self.recorder.call("equal", self, other) if self.recorder.active else self is other

    def __ne__(self, other: object) -> Any:
        return (
            self.recorder.call("not_equal", self, other)
            if self.recorder.active
            else self is not other
        )

    __hash__ = object.__hash__

    def __neg__(self) -> Node:
        return self.recorder.call("negative", self)

    def __abs__(self) -> Node:
        return self.recorder.call("abs", self)

    def __pow__(self, power: Any) -> Node:
        if power != 2:
            raise UnplannableError(f"power {power!r}")
        return self.recorder.call("multiply", self, self)

    def __matmul__(self, other: Node) -> Node:
        if self.ndim != 2 or not isinstance(other, Node) or other.ndim != 2:
            raise UnplannableError("a product of other than two matrices")
        if self.dtype != other.dtype:
            raise UnplannableError(f"a product of {self.dtype.name} and {other.dtype.name}")
        shape = (self.shape[0], other.shape[1])
        return Node(self.recorder, "matmul", (self, other), shape, self.dtype)


def _operator(name: str, swapped: bool = False) -> Callable[[Node, Any], Node]:
    def method(self: Node, other: Any) -> Node:
        pair = (other, self) if swapped else (self, other)
        return self.recorder.call(name, *pair)

    return method


for _symbol, _name in (("add", "add"), ("sub", "subtract"), ("mul", "multiply"),
                       ("truediv", "divide")):  # fmt: skip
    setattr(Node, f"__{_symbol}__", _operator(_name))
    setattr(Node, f"__r{_symbol}__", _operator(_name, swapped=True))
for _symbol, _name in zip(("gt", "ge", "lt", "le"), _COMPARISONS[:4], strict=True):
    setattr(Node, f"__{_symbol}__", _operator(_name))


class Recorder:
    """The functions of the array API standard, on nodes.

    Parameters
    ----------
    dtype : str
        The floating-point type of the step.
    has : collection of str, optional
        Which of `PERHAPS` the library has.
    low : BFLOAT16, optional
        A smaller one, that arrays may be cast to.
    """

    float32, float64, int32, int64, bool = np.float32, np.float64, np.int32, np.int64, np.bool

    def __init__(self, dtype: str, has: Collection[str] = (), low: Any = None) -> None:
        self.dtype, self._has = np.dtype(dtype), has
        self._floats = [self.dtype] if low is None else [self.dtype, low]
        if low is not None:
            setattr(self, low.name, low)
        self.nodes: list[Node] = []
        self.active = True

    def __getattr__(self, name: str) -> Any:
        if name in _UNARY or name in _BINARY:
            return lambda *args: self.call(name, *args)
        raise UnplannableError(f"function {name}")

    def leaf(self, op: str, shape: tuple[int, ...], option: Any) -> Node:
        """An array that is given: an input, a constant or a rate."""
        return Node(self, op, (), shape, self.dtype, option)

    @staticmethod
    def finfo(dtype: Any) -> Any:
        return np.finfo(np.float32 if dtype is BFLOAT16 else dtype)  # of the same exponents

    def call(self, op: str, *args: Any) -> Node:
        """An elementwise operation; Python numbers among the arguments become constants."""
        nodes = []
        for one in args:
            if isinstance(one, int | float):
                one = self.leaf("constant", (), float(one))
            if not isinstance(one, Node):
                raise UnplannableError(f"{op} of {type(one).__name__}")
            nodes.append(one)
        numbers = nodes[1:] if op == "where" else nodes
        # A number is of the type of the array that it meets.
        kinds = dict.fromkeys(one.dtype for one in numbers if not one.is_scalar) or [self.dtype]
        (kind, *others) = kinds
        scalars = (one.dtype == self.dtype for one in numbers if one.is_scalar)
        if others or kind not in self._floats or not all(scalars):
            raise UnplannableError(f"{op} of {', '.join(one.dtype.name for one in nodes)}")
        shape = np.broadcast_shapes(*(one.shape for one in nodes))
        dtype = np.dtype(bool) if op in _COMPARISONS else kind
        if all(one.is_scalar for one in nodes):
            return Node(self, "scalar", tuple(nodes), shape, dtype, op)
        return Node(self, op, tuple(nodes), shape, dtype)

    def keep_mask(self, like: Node, probability: float, key: Any, first: int = 0) -> Node:
        return self._random("keep_mask", like, key, (float(probability), first))

    def normal(self, like: Node, key: Any, first: int = 0) -> Node:
        return self._random("normal", like, key, (first,))

    def _random(self, op: str, like: Node, key: Any, option: tuple[Any, ...]) -> Node:
        if not isinstance(key, Node) or key.op != "rate" or like.ndim != 2:
            raise UnplannableError(f"{op} with the key {key!r}")
        return Node(self, op, (key,), like.shape, like.dtype, option)

    def erf(self, x: Node) -> Node:
        return self.call("erf", x) if "erf" in self._has else erf(x, self)

    def sigmoid(self, x: Node) -> Node:
        return self.call("sigmoid", x) if "sigmoid" in self._has else sigmoid_by_tanh(x, self)

    def clip(self, x: Node, low: Any, high: Any) -> Node:
        return self.minimum(self.maximum(x, low), high)  # type: ignore[no-any-return]

    def where(self, condition: Node, x: Any, y: Any) -> Node:
        return self.call("where", condition, x, y)

    def astype(self, x: Node, dtype: Any, copy: Any = True) -> Node:
        if x.dtype == dtype:
            return x
        if dtype not in self._floats:
            raise UnplannableError(f"an array of {dtype}")
        return Node(self, "astype", (x,), x.shape, dtype)

    def ones_like(self, x: Node) -> Node:
        return self.call("add", self.zeros_like(x), 1.0)

    def zeros_like(self, x: Node) -> Node:
        return Node(self, "zeros", (), x.shape, x.dtype)

    def reshape(self, x: Node, shape: Sequence[int]) -> Node:
        if not _is_contiguous(x):
            raise UnplannableError("a new shape of what does not lie in one piece")
        known = math.prod(n for n in shape if n != -1)
        whole = tuple(x.size // known if n == -1 else int(n) for n in shape)
        return Node(self, "reshape", (x,), whole, x.dtype)

    def concat(self, parts: Sequence[Node], axis: int = 0) -> Node:
        ndim = parts[0].ndim
        axis %= ndim
        if len({part.dtype for part in parts}) > 1:
            raise UnplannableError("a concatenation of several types")
        shape = list(parts[0].shape)
        shape[axis] = sum(part.shape[axis] for part in parts)
        return Node(self, "concat", tuple(parts), tuple(shape), parts[0].dtype, axis)

    def sum(self, x: Node, axis: int | None = None, keepdims: Any = False) -> Node:
        return self._reduce("sum", x, axis, keepdims)

    def max(self, x: Node, axis: int | None = None, keepdims: Any = False) -> Node:
        return self._reduce("max", x, axis, keepdims)

    def _reduce(self, op: str, x: Node, axis: int | None, keepdims: Any) -> Node:
        if x.ndim != 2 or axis is None or x.dtype not in self._floats:
            raise UnplannableError(f"{op} over axis {axis} of {x.ndim} dimensions")
        axis %= 2
        a_product = (op, axis) == ("sum", 0) and _is_contiguous(x)  # with ones
        if x.dtype is BFLOAT16 and not a_product:
            whole = self._reduce(op, self.astype(x, self.dtype), axis, keepdims)
            return self.astype(whole, x.dtype)
        shape = tuple(1 if k == axis else n for k, n in enumerate(x.shape) if keepdims or k != axis)
        return Node(self, op, (x,), shape, x.dtype, (axis, bool(keepdims)))


def _is_contiguous(node: Node) -> bool:
    """Whether a node's array, views followed, lies in one piece, so that its reshape is a view."""
    if node.op == "transpose" and 1 not in node.shape:
        return False
    if node.op == "slice":
        rows, *others = node.option
        whole = all(one == slice(None) for one in others) and rows.step in (None, 1)
        return whole and _is_contiguous(node.args[0])
    return _is_contiguous(node.args[0]) if node.op in VIEWS else True


class Graph:
    """A recorded step.

    Attributes
    ----------
    nodes : list of Node
        In an order in which they can be computed.
    state : list of Node
        The inputs that are the state's arrays.
    results : list of Node
        What becomes of them.
    x, y : Node
        The inputs that are the mini-batch.
    z : Node
        The weighted input of the output layer.
    """

    def __init__(
        self,
        nodes: list[Node],
        state: list[Node],
        results: list[Node],
        x: Node,
        y: Node,
        z: Node,
    ) -> None:
        self.nodes, self.state, self.results = nodes, state, results
        self.x, self.y, self.z = x, y, z

    def uses(self) -> dict[Node, list[Node]]:
        """Which nodes each node is an argument of."""
        uses: dict[Node, list[Node]] = {node: [] for node in self.nodes}
        for node in self.nodes:
            for one in dict.fromkeys(node.args):
                uses[one].append(node)
        return uses

    def prune(self) -> None:
        """Forget nodes on which no result depends."""
        wanted = {self.x, self.y, self.z, *self.state, *self.results}
        for node in reversed(self.nodes):
            if node in wanted:
                wanted.update(node.args)
        self.nodes = [node for node in self.nodes if node in wanted]


def record(
    step: Step,
    dtype: str,
    state: Any,
    x_shape: tuple[int, ...],
    y_shape: tuple[int, ...],
    rates: Sequence[float],
    has: Collection[str] = (),
    low: Any = None,
) -> tuple[Graph, Any]:
    """Run a step once on nodes.

    Parameters
    ----------
    step : callable
        As for `compile_step`.
    dtype : str
    state : nested tuples of arrays
        Whose shapes the nodes take.
    x_shape, y_shape : tuple of int
        Of one mini-batch.
    rates : sequence of float and int
        Those of a step: integers are keys, others of the step's own type.
    has : collection of str, optional
    low : BFLOAT16, optional
        As of `Recorder`.

    Returns
    -------
    graph : Graph
    build : callable
        Makes of a flat list of arrays the nested tuples of a state.

    Raises
    ------
    UnplannableError
        If the step does anything that is not known here.
    """
    recorder = Recorder(dtype, has, low)
    leaves: list[Node] = []

    def enter(part: Any) -> Any:
        if isinstance(part, tuple):
            return rebuilt(part, [enter(one) for one in part])
        leaves.append(recorder.leaf("input", part.shape, f"state{len(leaves)}"))
        return leaves[-1]

    given = enter(state)
    x, y = recorder.leaf("input", x_shape, "x"), recorder.leaf("input", y_shape, "y")
    numbers = tuple(
        Node(recorder, "rate", (), (), np.int64 if isinstance(one, int) else dtype, k)
        for k, one in enumerate(rates)
    )
    try:
        after, z = step(recorder, given, x, y, numbers)
    except (TypeError, AttributeError) as error:  # a function of one's own, on nodes
        raise UnplannableError(str(error)) from error
    recorder.active = False
    results: list[Node] = []

    def leave(part: Any) -> Any:
        if isinstance(part, tuple):
            inner = [leave(one) for one in part]
            return lambda flat: rebuilt(part, [one(flat) for one in inner])
        results.append(part)
        place = len(results) - 1
        return lambda flat: flat[place]

    build = leave(after)
    if [one.shape for one in results] != [one.shape for one in leaves]:
        raise UnplannableError("a state that changes its shape")
    graph = Graph(recorder.nodes, leaves, results, x, y, z)
    graph.prune()
    return graph, build


def rebuilt(like: Any, parts: list[Any]) -> Any:
    """A tuple of the type of another, which may be a named one."""
    return type(like)(*parts) if hasattr(like, "_fields") else tuple(parts)


def root_of(node: Node) -> Node:
    """The node whose memory a view shows."""
    while node.op in VIEWS:
        node = node.args[0]
    return node


def parts_of(whole: Node) -> Iterator[tuple[Node, tuple[slice, ...]]]:
    """The arguments of a concatenation, and where in it each lies."""
    start, axis = 0, whole.option
    for part in whole.args:
        stop = start + part.shape[axis]
        yield part, (*(slice(None),) * axis, slice(start, stop))
        start = stop


def depends_on_rates(node: Node) -> bool:
    """Whether a number may be another at each step."""
    return node.op == "rate" or any(depends_on_rates(one) for one in node.args)


def numbers(node: Node, rates: np.ndarray[Any, Any]) -> Any:
    """A number at each step, computed in double precision."""
    if node.op == "constant":
        return node.option
    if node.op == "rate":
        return rates[:, node.option]
    return getattr(np, node.option)(*(numbers(one, rates) for one in node.args))
