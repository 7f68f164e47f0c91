"""Chains of operations as CUDA kernels, a kernel each.

A chain is elementwise, and then every thread does some elements; or it has sums or largest entries
over the rows of a matrix in it, and then a warp does a row.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ..._lib.frozen import Frozen
from ...backends.counter_random import FIRST, SECOND, UNIT
from ..ir import ELEMENTWISE, Node

__all__ = [
    "NAME",
    "THREADS",
    "ChainSource",
    "chain_source",
    "cuda",
    "gather_source",
    "is_rowwise",
    "random_source",
    "rows_source",
]

NAME, THREADS = "bpnet_chain", 128

_TYPES = {
    "float32": "float",
    "float64": "double",
    "bool": "bool",
    "int64": "long long",
    "uint32": "unsigned int",
    "bfloat16": "unsigned short",
}
# bfloat16 is computed in as float, and rounded, halves to even, where it is written.
_COMPUTED = {**_TYPES, "bfloat16": "float"}
_CONVERSIONS = """\
auto wide = [](unsigned short x) {
union { unsigned int bits; float value; } w; w.bits = (unsigned int)x << 16; return w.value; };
auto narrow = [](float x) -> unsigned short {
union { float value; unsigned int bits; } w; w.value = x;
return x != x ? 0x7fc0u : (w.bits + 0x7fffu + (w.bits >> 16 & 1u)) >> 16; };\
"""
_EXPRESSIONS = {
    "abs": "fabs({0})",
    "add": "{0} + {1}",
    "astype": "{0}",
    "divide": "{0} / {1}",
    "equal": "{0} == {1}",
    "erf": "erf({0})",
    "exp": "exp({0})",
    "expm1": "expm1({0})",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "log": "log({0})",
    "log1p": "log1p({0})",
    # What is not a number stays so, as the standard asks; fmax and fmin would drop it.
    "maximum": "({0} != {0} || {0} > {1}) ? {0} : {1}",
    "minimum": "({0} != {0} || {0} < {1}) ? {0} : {1}",
    "multiply": "{0} * {1}",
    "negative": "-{0}",
    "not_equal": "{0} != {1}",
    "sign": "({0} != {0}) ? {0} : {T}(({0} > 0) - ({0} < 0))",
    "sqrt": "sqrt({0})",
    "square": "{0} * {0}",
    "subtract": "{0} - {1}",
    "tanh": "tanh({0})",
    "where": "{0} ? {1} : {2}",
}
_REDUCTIONS = {"sum": (0.0, "{0} + {1}"), "max": (-math.inf, _EXPRESSIONS["maximum"])}
_ROW = "#pragma unroll\nfor (int e = 0, column = lane; e < EACH; ++e, column += LANES)"
# Elements of a chain from which on a thread does several, whose loads are on their way together.
_MANY, _EACH = 2**18, 4
_MOST_COLUMNS = 512


class ChainSource(Frozen):
    """What a kernel computes.

    Attributes
    ----------
    inputs, outputs : tuple of str
        Types of its arrays.
    body : str
        Statements, of ``in0``, ``in1``, ... and ``out0``, ``out1``, ...; for a row these are arrays
        of the elements that a thread has.
    arguments, results : tuple of Node
        What goes with inputs and outputs.
    rowwise : bool
        Whether the body is for a row.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    body: str
    arguments: tuple[Node, ...] = ()
    results: tuple[Node, ...] = ()
    rowwise: bool = False


def chain_source(group: Sequence[Node], local: Collection[Node]) -> ChainSource:
    """One kernel for a chain, all its steps for an element at a time.

    Parameters
    ----------
    group : sequence of Node
        Elementwise steps of one shape, in order.
    local : collection of Node
        Those of them that nothing else reads.

    Returns
    -------
    ChainSource
        Results are written after all arguments were read, so that one may take another's place.
    """
    names = _Names()
    lines = []
    for k, node in enumerate(group):
        lines.append(f"const {_kind(node)} v{k} = {names.expression(node)};")
        names.made[node] = f"v{k}"
    results = tuple(node for node in group if node not in local)
    lines += [f"out{k} = {names.made[node]};" for k, node in enumerate(results)]
    return names.source(lines, results)


def is_rowwise(group: Sequence[Node]) -> bool:
    """Whether steps on a matrix and on numbers of its rows can be done by a warp a row."""
    shapes = {node.args[0].shape for node in group if node.op in _REDUCTIONS}
    if len(shapes) != 1:
        return False
    ((m, n),) = shapes
    return 1 < n <= _MOST_COLUMNS and all(
        node.option == (1, True)
        if node.op in _REDUCTIONS
        else node.op in ELEMENTWISE and node.shape in ((m, n), (m, 1))
        for node in group
    )


def rows_source(group: Sequence[Node], local: Collection[Node]) -> ChainSource:
    """One kernel for a chain with sums or largest entries over rows in it.

    Parameters
    ----------
    group : sequence of Node
        Of which `is_rowwise` holds.
    local : collection of Node
        As of `chain_source`.
    """
    _, n = next(node.args[0].shape for node in group if node.op in _REDUCTIONS)
    names, lines = _Names("[e]"), []
    for k, node in enumerate(group):
        kind = _kind(node)
        if node.op in _REDUCTIONS:
            begin, join = _REDUCTIONS[node.op]
            join = f"v{k} = {join.format(f'v{k}', 'w')};"
            lines += [
                f"{kind} v{k} = {_literal(begin, kind)};",
                f"{_ROW} if (column < {n}) {{ {kind} w = {names.of(node.args[0])}; {join} }}",
                "for (int far = LANES / 2; far > 0; far /= 2)",
                f"{{ {kind} w = __shfl_xor_sync(0xffffffffu, v{k}, far); {join} }}",
            ]
            names.made[node] = f"v{k}"
        elif node.shape[1] == 1:
            lines.append(f"const {kind} v{k} = {names.expression(node, '[0]')};")
            names.made[node] = f"v{k}"
        else:
            lines += [f"{kind} v{k}[EACH];", f"{_ROW} v{k}[e] = {names.expression(node)};"]
            names.made[node] = f"v{k}[e]"
    results = tuple(node for node in group if node not in local)
    lines += [f"{_ROW} out{k}[e] = {names.made[node]};" for k, node in enumerate(results)]
    return names.source(lines, results, rowwise=True)


class _Names:
    """What nodes are called within a kernel.

    Parameters
    ----------
    index : str, optional
        Which of a thread's elements of an argument a statement reads.
    """

    def __init__(self, index: str = "") -> None:
        self.made: dict[Node, str] = {}
        self._arguments: dict[Node, str] = {}
        self._index = index

    def of(self, node: Node, index: str | None = None) -> str:
        if node in self.made:
            return self.made[node]
        if node.op == "constant":
            return _literal(node.option, _kind(node))
        name = self._arguments.setdefault(node, f"in{len(self._arguments)}")
        return f"{name}{self._index if index is None else index}"

    def expression(self, node: Node, index: str | None = None) -> str:
        inner = [self.of(one, index) for one in node.args]
        return _EXPRESSIONS[node.op].format(*inner, T=_kind(node))

    def source(
        self, lines: list[str], results: tuple[Node, ...], rowwise: bool = False
    ) -> ChainSource:
        return ChainSource(
            tuple(node.dtype.name for node in self._arguments),
            tuple(node.dtype.name for node in results),
            "\n".join(lines),
            tuple(self._arguments),
            results,
            rowwise,
        )


def random_source(op: str, option: tuple[Any, ...], dtype: str) -> ChainSource:
    """A kernel for a mask, or for normal numbers; see `Namespace`.

    It takes the key, and the numbers of samples and of units, (m, 1) and (1, n).

    Parameters
    ----------
    op : {"keep_mask", "normal"}
    option : tuple
        The probability, of a mask; the number of the first sample.
    dtype : str
    """
    kind, (*rest, first) = _COMPUTED[dtype], option
    body = [
        "auto mix = [](unsigned int w) { w ^= w >> 16; "
        f"w *= {FIRST:#x}u; w ^= w >> 15; w *= {SECOND:#x}u; return w ^ (w >> 16); }};",
        "const unsigned int own = (unsigned int)in0, sample = in1, unit = in2;",
        "auto bits = [&](unsigned int own) { "
        f"unsigned int row = mix((sample + {first}u) ^ own), column = mix(unit ^ mix(~own)); "
        "return mix(row ^ column) >> 8; };",
    ]
    if op == "keep_mask":
        (probability,) = rest
        kept = f"bits(own) < {round(probability * 2**24)}u"
        body.append(f"out0 = {kept} ? {kind}({1.0 / probability!r}) : {kind}(0);")
    else:
        body += [
            f"{kind} radius = {kind}(bits(own)) * {kind}({UNIT!r}) + {kind}({0.5 * UNIT!r});",
            f"{kind} angle = {kind}(bits(own ^ {SECOND:#x}u)) * {kind}({UNIT!r});",
            f"out0 = sqrt({kind}(-2) * log(radius)) * cos({kind}({2.0 * math.pi!r}) * angle);",
        ]
    return ChainSource(("int64", "uint32", "uint32"), (dtype,), "\n".join(body))


class _Laid(Frozen):
    """One of a kernel's arrays: type, what a thread's part is called, and how it lies."""

    dtype: str
    name: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def pointer(self) -> str:
        return f"at_{self.name}"

    @property
    def stored(self) -> str:
        """The type in memory."""
        return _TYPES[self.dtype]

    @property
    def kind(self) -> str:
        """The type that a thread computes in."""
        return _COMPUTED[self.dtype]

    def read(self, what: str) -> str:
        """What is stored, as the type that is computed in."""
        return what if self.kind == self.stored else f"wide({what})"

    def written(self, what: str) -> str:
        """The other way."""
        return what if self.kind == self.stored else f"narrow({what})"


def gather_source(dtype: str, columns: int) -> ChainSource:
    """A kernel that takes rows of a matrix: given their numbers, (m, 1), and its first row."""
    return ChainSource(
        ("int64", dtype), (dtype,), f"out0 = at_in1[in0 * {columns} + i % {columns}];"
    )


def cuda(
    source: ChainSource, shapes: Sequence[tuple[int, ...]], strides: Sequence[tuple[int, ...]]
) -> tuple[str, int]:
    """The code of a kernel for arrays that lie in one way, and for how many blocks of `THREADS`.

    Parameters
    ----------
    source : ChainSource
    shapes, strides : sequence of tuple of int
        Of inputs and outputs; strides in elements. Inputs are broadcast to the outputs.
    """
    whole = np.broadcast_shapes(*shapes)
    for own in shapes[len(source.inputs) :]:
        if own != whole and not (source.rowwise and own == (*whole[:-1], 1)):
            raise ValueError(f"a result of shape {own} is to take what has shape {whole}")
    names = [f"in{k}" for k in range(len(source.inputs))]
    names += [f"out{k}" for k in range(len(source.outputs))]
    arrays = [
        _Laid(dtype, name, *_broadcast(shape, steps, whole))
        for dtype, name, shape, steps in zip(
            (*source.inputs, *source.outputs), names, shapes, strides, strict=True
        )
    ]
    reads, writes = arrays[: len(source.inputs)], arrays[len(source.inputs) :]
    parameters = [f"const {one.stored} *{one.pointer}" for one in reads]
    parameters += [f"{one.stored} *{one.pointer}" for one in writes]
    furthest = max(sum(map(operator.mul, one.shape, one.strides)) for one in arrays)
    threads = 32 * whole[0] if source.rowwise else math.prod(whole)
    index = "int" if max(furthest, threads) < 2**30 else "long long"
    make = _by_rows if source.rowwise else _by_elements
    lines, blocks = make(source.body, whole, reads, writes, index)
    head = f'extern "C" __global__ void __launch_bounds__({THREADS}) {NAME}'
    if any(one.kind != one.stored for one in arrays):
        lines.insert(0, _CONVERSIONS)
    return "\n".join([f"{head}({', '.join(parameters)})", "{", *lines, "}", ""]), blocks


def _by_elements(
    body: str, shape: tuple[int, ...], reads: list[_Laid], writes: list[_Laid], index: str
) -> tuple[list[str], int]:
    size = math.prod(shape)
    each = _EACH if size >= _MANY else 1
    loop = (
        f"#pragma unroll\nfor (int e = 0; e < {each}; ++e) "
        f"if (const {index} i = first + e * {THREADS}; i < {size})"
    )

    def place(one: _Laid) -> str:
        return f"{one.pointer}[{_offset(one, shape)}]"

    lines = [
        f"const {index} first = ({index})blockIdx.x * {each * THREADS} + threadIdx.x;",
        *(f"{one.stored} all_{one.name}[{each}];" for one in reads),
        f"{loop} {{",
        *(f"all_{one.name}[e] = {place(one)};" for one in reads),
        "}",
        f"{loop} {{",
        *(f"const {one.kind} {one.name} = {one.read(f'all_{one.name}[e]')};" for one in reads),
        *(f"{one.kind} {one.name};" for one in writes),
        body,
        *(f"{place(one)} = {one.written(one.name)};" for one in writes),
        "}",
    ]
    return lines, -(-size // (each * THREADS))


def _by_rows(
    body: str, shape: tuple[int, ...], reads: list[_Laid], writes: list[_Laid], index: str
) -> tuple[list[str], int]:
    m, n = shape

    def move(one: _Laid) -> tuple[str, str]:
        step, across = one.strides
        last = 1 if one.shape[1] == 1 else n
        where = f"{one.pointer}[row * {step} + column * {across}]"
        return f"{_ROW} if (column < {last})", where

    lines = [
        "#ifndef LANES",
        "#define LANES 32",
        "#endif",
        f"#define EACH (({n} + LANES - 1) / LANES)",
        "const int lane = threadIdx.x % LANES;",
        f"const {index} row = (({index})blockIdx.x * {THREADS} + threadIdx.x) / LANES;",
        f"if (row >= {m}) return;",
    ]
    for one in reads:
        _, where = move(one)
        lines += [f"{one.kind} {one.name}[EACH] = {{}};"]
        lines += [f"{_ROW} if (column < {n}) {one.name}[e] = {one.read(where)};"]
    lines += [f"{one.kind} {one.name}[EACH];" for one in writes]
    lines.append(body)
    for one in writes:
        loop, where = move(one)
        lines.append(f"{loop} {where} = {one.written(f'{one.name}[e]')};")
    return lines, -(-m * 32 // THREADS)


def _broadcast(
    shape: tuple[int, ...], strides: tuple[int, ...], whole: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """An array's shape and strides, with those of axes along which it is repeated."""
    missing = len(whole) - len(shape)
    shape = (*(1,) * missing, *shape)
    steps = (*(0,) * missing, *strides)
    return shape, tuple(0 if n == 1 else step for n, step in zip(shape, steps, strict=True))


def _offset(one: _Laid, shape: tuple[int, ...]) -> str:
    """Where element ``i``, counted in C order, lies."""
    terms, inner = [], 1
    in_order = True
    for axis in range(len(shape) - 1, -1, -1):
        n, step = shape[axis], one.strides[axis]
        in_order &= n == 1 or step == inner
        if step and n > 1:
            count = "i" if inner == 1 else f"i / {inner}"
            terms.append(f"{count} % {n} * {step}" if axis else f"{count} * {step}")
        inner *= n
    return "i" if in_order else " + ".join(terms) or "0"


def _kind(node: Node) -> str:
    return _COMPUTED[node.dtype.name]


def _literal(value: Any, kind: str) -> str:
    if math.isfinite(value):
        return f"{kind}({value!r})"
    # NVRTC, which reads no header, has no name for these.
    zero, one = f"{kind}(0)", f"{kind}(1)"
    return f"({zero} / {zero})" if math.isnan(value) else f"({'-' * (value < 0)}{one} / {zero})"
