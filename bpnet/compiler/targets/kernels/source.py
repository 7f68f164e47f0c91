"""What a kernel computes: the statements of one thread, and the arrays that they read and write."""

from __future__ import annotations

from ...._lib.frozen import Frozen
from .expressions import EXPRESSIONS
from .nodes import Node, constant_value, dtype_name, is_constant, operands, operation
from .types import COMPUTED, literal

__all__ = ["KernelSource", "SourceBuilder", "ctype_of"]


class KernelSource(Frozen):
    """What a kernel computes, whatever the shapes and strides of its arrays.

    Attributes
    ----------
    inputs, outputs : tuple of str
        Types of the arrays.
    body : str
        Statements on ``in0``, ``in1``, ... and ``out0``, ``out1``, ...; in a row-wise kernel each
        of these is an array of the elements that the thread holds.
    arguments, results : tuple of Node
        The nodes that inputs and outputs stand for.
    rowwise : bool
        Whether the body computes a row instead of an element.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    body: str
    arguments: tuple[Node, ...] = ()
    results: tuple[Node, ...] = ()
    rowwise: bool = False


def ctype_of(node: Node) -> str:
    """The C type that a node is computed in."""
    return COMPUTED[dtype_name(node)]


class SourceBuilder:
    """Names the values of a kernel, and notes the nodes that it reads.

    Parameters
    ----------
    index : str, optional
        Subscript of an argument in a statement, where a thread holds several elements of it.

    Attributes
    ----------
    computed : dict of Node to str
        Expression of each node that the kernel has computed so far; whoever writes a statement
        adds to it.
    """

    def __init__(self, index: str = "") -> None:
        self.computed: dict[Node, str] = {}
        self._arguments: dict[Node, str] = {}
        self._index = index

    def value(self, node: Node, index: str | None = None) -> str:
        """Expression of a node: computed before, a constant, or an argument."""
        if node in self.computed:
            return self.computed[node]
        if is_constant(node):
            return literal(constant_value(node), ctype_of(node))
        name = self._arguments.setdefault(node, f"in{len(self._arguments)}")
        return f"{name}{self._index if index is None else index}"

    def expression(self, node: Node, index: str | None = None) -> str:
        """Expression that computes an elementwise node from its operands."""
        values = [self.value(one, index) for one in operands(node)]
        return EXPRESSIONS[operation(node)].format(*values, T=ctype_of(node))

    def source(
        self, lines: list[str], results: tuple[Node, ...], rowwise: bool = False
    ) -> KernelSource:
        """The kernel of some statements."""
        return KernelSource(
            tuple(dtype_name(node) for node in self._arguments),
            tuple(dtype_name(node) for node in results),
            "\n".join(lines),
            tuple(self._arguments),
            results,
            rowwise,
        )
