"""What kernels ask of a graph's nodes; nothing else in this package reads a node's fields."""

from __future__ import annotations

from ...ir import ELEMENTWISE, Node

__all__ = [
    "Node",
    "constant_value",
    "dtype_name",
    "is_constant",
    "is_elementwise",
    "operands",
    "operation",
    "reduces_rows",
]


def operation(node: Node) -> str:
    """Name of the operation that makes a node."""
    return node.op


def operands(node: Node) -> tuple[Node, ...]:
    """The nodes that an operation reads."""
    return node.args


def dtype_name(node: Node) -> str:
    """Type of a node's elements, such as ``"float32"``."""
    name: str = node.dtype.name
    return name


def is_constant(node: Node) -> bool:
    """Whether a node is a number known in advance."""
    return node.op == "constant"


def constant_value(node: Node) -> float:
    """The number of a constant."""
    value: float = node.option
    return value


def is_elementwise(node: Node) -> bool:
    """Whether an operation computes each element from those at the same place."""
    return node.op in ELEMENTWISE


def reduces_rows(node: Node) -> bool:
    """Whether a reduction goes along each row of a matrix and keeps the axis."""
    reduced: bool = node.option == (1, True)
    return reduced
