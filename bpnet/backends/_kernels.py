"""A chain of elementwise operations as the body of one CUDA kernel."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

from .._value import Value
from ._random import FIRST, SECOND, UNIT
from ._record import Node

__all__ = ["ChainSource", "chain_source", "random_source"]

_TYPES = {"float32": "float", "float64": "double", "bool": "bool"}
_EXPRESSIONS = {
    "abs": "fabs({0})",
    "add": "{0} + {1}",
    "astype": "{0}",
    "divide": "{0} / {1}",
    "equal": "{0} == {1}",
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


class ChainSource(Value):
    """A kernel's source, in the parts of which ``cupy.ElementwiseKernel`` makes one.

    Attributes
    ----------
    inputs, outputs : str
        Parameters: type and name each.
    body : str
        Statements.
    arguments, results : tuple of Node
        What goes with the parameters.
    """

    inputs: str
    outputs: str
    body: str
    arguments: tuple[Node, ...]
    results: tuple[Node, ...]


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
    values: dict[Node, str] = {}
    arguments: dict[Node, str] = {}
    body = []

    def value(node: Node) -> str:
        if node in values:
            return values[node]
        if node.op == "constant":
            return _literal(node.option, _TYPES[node.dtype.name])
        return arguments.setdefault(node, f"in{len(arguments)}")

    for k, node in enumerate(group):
        kind = _TYPES[node.dtype.name]
        inner = [value(one) for one in node.args]
        body.append(f"{kind} v{k} = {_EXPRESSIONS[node.op].format(*inner, T=kind)};")
        values[node] = f"v{k}"
    results = tuple(node for node in group if node not in local)
    body += [f"out{k} = {values[node]};" for k, node in enumerate(results)]
    return ChainSource(
        ", ".join(f"{node.dtype.name} {name}" for node, name in arguments.items()),
        ", ".join(f"{node.dtype.name} out{k}" for k, node in enumerate(results)),
        "\n".join(body),
        tuple(arguments),
        results,
    )


def random_source(op: str, option: tuple[Any, ...], dtype: str) -> tuple[str, str, str]:
    """Inputs, outputs and body of a kernel for a mask, or for normal numbers; see `Namespace`.

    It takes the key, and the numbers of samples and of units, (m, 1) and (1, n).

    Parameters
    ----------
    op : {"keep_mask", "normal"}
    option : tuple
        The probability, of a mask; the number of the first sample.
    dtype : str
    """
    kind, (*rest, first) = _TYPES[dtype], option
    body = [
        "auto mix = [](unsigned int w) { w ^= w >> 16; "
        f"w *= {FIRST:#x}u; w ^= w >> 15; w *= {SECOND:#x}u; return w ^ (w >> 16); }};",
        "auto bits = [&](unsigned int own) { "
        f"unsigned int row = mix((sample + {first}u) ^ own), column = mix(unit ^ mix(~own)); "
        "return mix(row ^ column) >> 8; };",
        "unsigned int own = (unsigned int)key;",
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
    return "int64 key, uint32 sample, uint32 unit", f"{dtype} out0", "\n".join(body)


def _literal(value: Any, kind: str) -> str:
    if math.isfinite(value):
        return f"{kind}({value!r})"
    # NVRTC, which reads no header, has no name for these.
    zero, one = f"{kind}(0)", f"{kind}(1)"
    return f"({zero} / {zero})" if math.isnan(value) else f"({'-' * (value < 0)}{one} / {zero})"
