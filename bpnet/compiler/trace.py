"""Trace a training step: record its operations as a graph.

The step is run once with a `Recorder` in place of the array API namespace and `Tracer` objects in
place of arrays. Each operation on them adds a node to the graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from typing import Any, NoReturn

import numpy as np

from ..backends.erf import erf
from ..backends.namespaces import sigmoid_by_exp, sigmoid_by_tanh
from .ir import BFLOAT16, BINARY, COMPARISONS, UNARY, VIEWS, Graph, Node
from .state import leaves_of, rebuild, structure_of
from .step import Step

__all__ = ["Recorder", "TraceError", "Tracer", "trace"]


class TraceError(Exception):
    """A step uses something that the compiler does not support; the message names it."""


class Tracer:
    """Stands for an array while a step is traced.

    Attributes
    ----------
    node : Node
        The operation that would compute it.
    recorder : Recorder
    """

    __slots__ = ("node", "recorder")
    __array_ufunc__ = None  # NumPy's own functions refuse it instead of making an object array

    def __init__(self, recorder: Recorder, node: Node) -> None:
        self.recorder, self.node = recorder, node

    def __repr__(self) -> str:
        return f"<tracer of {self.node.op} {self.shape}>"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.node.shape

    @property
    def dtype(self) -> Any:
        return self.node.dtype

    @property
    def ndim(self) -> int:
        return self.node.ndim

    @property
    def size(self) -> int:
        return self.node.size

    @property
    def device(self) -> str:
        return "cpu"

    @property
    def T(self) -> Tracer:  # noqa: N802 - the standard's name
        return self.recorder.record("transpose", (self.node,), self.shape[::-1], self.dtype)

    def reshape(self, shape: Sequence[int]) -> Tracer:
        return self.recorder.reshape(self, shape)

    def __getitem__(self, key: Any) -> Tracer:
        keys = key if isinstance(key, tuple) else (key,)
        if not all(isinstance(one, slice) for one in keys) or len(keys) > self.ndim:
            raise TraceError(f"index {key!r}")
        keys = (*keys, *(slice(None),) * (self.ndim - len(keys)))
        shape = tuple(len(range(*one.indices(n))) for one, n in zip(keys, self.shape, strict=True))
        return self.recorder.record("slice", (self.node,), shape, self.dtype, keys)

    def __bool__(self) -> NoReturn:
        raise TraceError("a branch on an array's value")

    __float__ = __int__ = __index__ = __iter__ = __array__ = __bool__

    __hash__ = object.__hash__  # == is an operation

    def __neg__(self) -> Tracer:
        if self.node.op == "negative":
            return Tracer(self.recorder, self.node.args[0])
        return self.recorder.call("negative", self)

    def __abs__(self) -> Tracer:
        return self.recorder.call("abs", self)

    def __pow__(self, power: Any) -> Tracer:
        if power != 2:
            raise TraceError(f"power {power!r}")
        return self.recorder.call("multiply", self, self)

    def __matmul__(self, other: Tracer) -> Tracer:
        if self.ndim != 2 or not isinstance(other, Tracer) or other.ndim != 2:
            raise TraceError("a product of other than two matrices")
        if self.dtype != other.dtype:
            raise TraceError(f"a product of {self.dtype.name} and {other.dtype.name}")
        shape = (self.shape[0], other.shape[1])
        return self.recorder.record("matmul", (self.node, other.node), shape, self.dtype)


def _operator(name: str, swapped: bool = False) -> Callable[[Tracer, Any], Tracer]:
    def method(self: Tracer, other: Any) -> Tracer:
        pair = (other, self) if swapped else (self, other)
        return self.recorder.call(name, *pair)

    return method


for _symbol, _name in (("add", "add"), ("sub", "subtract"), ("mul", "multiply"),
                       ("truediv", "divide")):  # fmt: skip
    setattr(Tracer, f"__{_symbol}__", _operator(_name))
    setattr(Tracer, f"__r{_symbol}__", _operator(_name, swapped=True))
for _symbol, _name in zip(("gt", "ge", "lt", "le", "eq", "ne"), COMPARISONS, strict=True):
    setattr(Tracer, f"__{_symbol}__", _operator(_name))


class Recorder:
    """The functions of the array API standard, on tracers.

    Parameters
    ----------
    dtype : str
        The floating-point type of the step.
    has : collection of str, optional
        The functions of `ir.OPTIONAL` that the library has.
    low : BFLOAT16, optional
        A smaller type that arrays may be cast to.

    Attributes
    ----------
    nodes : list of Node
        The recorded nodes, in order.
    """

    float32, float64, int32, int64, bool = np.float32, np.float64, np.int32, np.int64, np.bool

    def __init__(self, dtype: str, has: Collection[str] = (), low: Any = None) -> None:
        self.dtype, self._has = np.dtype(dtype), has
        self._floats = [self.dtype] if low is None else [self.dtype, low]
        if low is not None:
            setattr(self, low.name, low)
        self.nodes: list[Node] = []

    def __getattr__(self, name: str) -> Any:
        if name in UNARY or name in BINARY:
            return lambda *args: self.call(name, *args)
        raise TraceError(f"function {name}")

    def record(
        self,
        op: str,
        args: tuple[Node, ...],
        shape: tuple[int, ...],
        dtype: Any,
        option: Any = None,
    ) -> Tracer:
        """Record a node."""
        self.nodes.append(Node(op, args, shape, dtype, option))
        return Tracer(self, self.nodes[-1])

    def leaf(self, op: str, shape: tuple[int, ...], option: Any, dtype: Any = None) -> Tracer:
        """An array that is given: an input, a constant or a rate."""
        return self.record(op, (), shape, self.dtype if dtype is None else dtype, option)

    @staticmethod
    def finfo(dtype: Any) -> Any:
        return np.finfo(np.float32 if dtype is BFLOAT16 else dtype)  # of the same exponents

    def call(self, op: str, *args: Any) -> Tracer:
        """An elementwise operation; Python numbers among the arguments become constants."""
        nodes = []
        for one in args:
            if isinstance(one, int | float):
                one = self.leaf("constant", (), float(one))
            if not isinstance(one, Tracer):
                raise TraceError(f"{op} of {type(one).__name__}")
            nodes.append(one.node)
        numbers = nodes[1:] if op == "where" else nodes
        # A number takes the dtype of the array that it meets.
        kinds = dict.fromkeys(one.dtype for one in numbers if not one.is_scalar) or [self.dtype]
        (kind, *others) = kinds
        scalars = (one.dtype == self.dtype for one in numbers if one.is_scalar)
        if others or kind not in self._floats or not all(scalars):
            raise TraceError(f"{op} of {', '.join(one.dtype.name for one in nodes)}")
        shape = np.broadcast_shapes(*(one.shape for one in nodes))
        dtype = np.dtype(bool) if op in COMPARISONS else kind
        if all(one.is_scalar for one in nodes):
            return self.record("scalar", tuple(nodes), shape, dtype, op)
        return self.record(op, tuple(nodes), shape, dtype)

    def keep_mask(self, like: Tracer, probability: float, key: Any, first: int = 0) -> Tracer:
        return self._random("keep_mask", like, key, (float(probability), first))

    def normal(self, like: Tracer, key: Any, first: int = 0) -> Tracer:
        return self._random("normal", like, key, (first,))

    def _random(self, op: str, like: Tracer, key: Any, option: tuple[Any, ...]) -> Tracer:
        if not isinstance(key, Tracer) or key.node.op != "rate" or like.ndim != 2:
            raise TraceError(f"{op} with the key {key!r}")
        return self.record(op, (key.node,), like.shape, like.dtype, option)

    def erf(self, x: Tracer) -> Tracer:
        return self.call("erf", x) if "erf" in self._has else erf(x, self)

    def sigmoid(self, x: Tracer) -> Tracer:
        return self.call("sigmoid", x) if "sigmoid" in self._has else sigmoid_by_exp(x, self)

    def quick_sigmoid(self, x: Tracer) -> Tracer:
        return self.call("sigmoid", x) if "sigmoid" in self._has else sigmoid_by_tanh(x, self)

    def clip(self, x: Tracer, low: Any, high: Any) -> Tracer:
        return self.minimum(self.maximum(x, low), high)  # type: ignore[no-any-return]

    def where(self, condition: Tracer, x: Any, y: Any) -> Tracer:
        return self.call("where", condition, x, y)

    def astype(self, x: Tracer, dtype: Any, copy: Any = True) -> Tracer:
        if x.dtype == dtype:
            return x
        if dtype not in self._floats:
            raise TraceError(f"an array of {dtype}")
        return self.record("astype", (x.node,), x.shape, dtype)

    def ones_like(self, x: Tracer) -> Tracer:
        return self.call("add", self.zeros_like(x), 1.0)

    def zeros_like(self, x: Tracer) -> Tracer:
        return self.record("zeros", (), x.shape, x.dtype)

    def reshape(self, x: Tracer, shape: Sequence[int]) -> Tracer:
        if not _is_contiguous(x.node):
            raise TraceError("a new shape of what does not lie in one piece")
        known = math.prod(n for n in shape if n != -1)
        whole = tuple(x.size // known if n == -1 else int(n) for n in shape)
        return self.record("reshape", (x.node,), whole, x.dtype)

    def vecdot(self, x1: Tracer, x2: Tracer) -> Tracer:
        """Of vectors, with shape (1,): what has no dimensions is a number of the host."""
        if x1.ndim != 1 or x1.shape != x2.shape:
            raise TraceError(f"vecdot of shapes {x1.shape} and {x2.shape}")
        product = self.reshape(x1, (1, -1)) @ self.reshape(x2, (-1, 1))
        return self.reshape(product, (1,))

    def concat(self, parts: Sequence[Tracer], axis: int = 0) -> Tracer:
        ndim = parts[0].ndim
        axis %= ndim
        if len({part.dtype for part in parts}) > 1:
            raise TraceError("a concatenation of several types")
        shape = list(parts[0].shape)
        shape[axis] = sum(part.shape[axis] for part in parts)
        nodes = tuple(part.node for part in parts)
        return self.record("concat", nodes, tuple(shape), parts[0].dtype, axis)

    def sum(self, x: Tracer, axis: int | None = None, keepdims: Any = False) -> Tracer:
        return self._reduce("sum", x, axis, keepdims)

    def max(self, x: Tracer, axis: int | None = None, keepdims: Any = False) -> Tracer:
        return self._reduce("max", x, axis, keepdims)

    def _reduce(self, op: str, x: Tracer, axis: int | None, keepdims: Any) -> Tracer:
        if x.ndim != 2 or axis is None or x.dtype not in self._floats:
            raise TraceError(f"{op} over axis {axis} of {x.ndim} dimensions")
        axis %= 2
        a_product = (op, axis) == ("sum", 0) and _is_contiguous(x.node)  # with ones
        if x.dtype is BFLOAT16 and not a_product:
            whole = self._reduce(op, self.astype(x, self.dtype), axis, keepdims)
            return self.astype(whole, x.dtype)
        shape = tuple(1 if k == axis else n for k, n in enumerate(x.shape) if keepdims or k != axis)
        return self.record(op, (x.node,), shape, x.dtype, (axis, bool(keepdims)))


def _is_contiguous(node: Node) -> bool:
    """Whether a node's array, views followed, lies in one piece, so that its reshape is a view."""
    if node.op == "transpose" and 1 not in node.shape:
        return False
    if node.op == "slice":
        rows, *others = node.option
        whole = all(one == slice(None) for one in others) and rows.step in (None, 1)
        return whole and _is_contiguous(node.args[0])
    return _is_contiguous(node.args[0]) if node.op in VIEWS else True


def trace(
    step: Step,
    dtype: str,
    state: Any,
    x_shape: tuple[int, ...],
    y_shape: tuple[int, ...],
    rates: Sequence[float],
    has: Collection[str] = (),
    low: Any = None,
) -> Graph:
    """Run a step once on tracers.

    Parameters
    ----------
    step : callable
        As for `compile_step`.
    dtype : str
    state : nested tuples of arrays
        Only shapes are read; the step receives tuples of the same types.
    x_shape, y_shape : tuple of int
        Of one mini-batch.
    rates : sequence of float and int
        Those of a step: integers are keys, others of the step's own type.
    has : collection of str, optional
    low : BFLOAT16, optional
        As of `Recorder`.

    Raises
    ------
    TraceError
        If the step uses something that is not supported.
    """
    recorder = Recorder(dtype, has, low)
    given = [
        recorder.leaf("input", tuple(one.shape), f"state{k}")
        for k, one in enumerate(leaves_of(state))
    ]
    x, y = recorder.leaf("input", x_shape, "x"), recorder.leaf("input", y_shape, "y")
    numbers = tuple(
        recorder.leaf("rate", (), k, np.int64 if isinstance(one, int) else None)
        for k, one in enumerate(rates)
    )
    try:
        after, z = step(recorder, rebuild(state, given), x, y, numbers)
    except (TypeError, AttributeError) as error:  # a function of one's own, on tracers
        raise TraceError(str(error)) from error
    results = leaves_of(after)
    for one in (*results, z):
        if not isinstance(one, Tracer):
            raise TraceError(f"a result that is a {type(one).__name__}")
    if structure_of(after) != structure_of(state):
        raise TraceError("a state that becomes another structure")
    if [one.shape for one in results] != [one.shape for one in given]:
        raise TraceError("a state that changes its shape")
    return Graph(
        tuple(recorder.nodes),
        tuple(one.node for one in given),
        x.node,
        y.node,
        tuple(one.node for one in results),
        z.node,
    ).pruned()
