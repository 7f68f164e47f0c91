"""Text for explanations: buffers, calls in order, and the meaning of names in the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .emit import Program
from .ir import Node, scalar_text, slice_text
from .layout import Place

__all__ = ["legend_of", "lines_of_buffers", "lines_of_calls"]


def lines_of_buffers(program: Program) -> Iterator[str]:
    """``b7  (10, 30)  float32  1,200 bytes  work``, one line per buffer, and their total."""
    total = 0
    for buffer in program.layout.buffers:
        use = "kept between steps" if buffer.role.startswith("state") else buffer.role
        if buffer.is_moving:
            use = "another array at each step"
        size = f"{buffer.nbytes:,} bytes"
        yield (
            f"{_name(program, buffer.id):<8}{buffer.shape!s:<14}{buffer.dtype.name:<9}"
            f"{size:<17}{use}"
        )
        total += 0 if buffer.is_moving else buffer.nbytes
    yield f"{total:,} bytes held by the plan"


def lines_of_calls(program: Program) -> Iterator[str]:
    """``b7 = matmul(x, state0[0:23520].reshape(30, 784).T)``, one line per operation."""
    local: dict[Node, str] = {}
    for group in program.groups:
        for node in group.nodes:
            if node in group.local:
                local[node] = f"t{len(local)}"
    for group in program.groups:
        if group.is_chain:
            yield f"chain of {len(group.nodes)}:"
        for node in group.nodes:
            operands = ", ".join(_text(program, one, local) for one in node.args)
            line = f"{_text(program, node, local)} = {node.op}({operands})"
            yield f"  {line}" if group.is_chain else line
    for move in program.layout.moves:
        yield f"state{move.state} = {_text(program, move.node, local)}"


def legend_of(
    program: Program, names: Mapping[str, Any], named: Mapping[str, Node]
) -> Iterator[str]:
    """The meaning of each name in the source, one line each."""
    for name, value in names.items():
        if name in named:
            yield f"{name}: {_text(program, named[name], {})}"
        else:
            yield f"{name}: {type(value).__name__}"


def _text(program: Program, node: Node, local: Mapping[Node, str]) -> str:
    """The place of a node, or the expression of a scalar."""
    if node in local:
        return local[node]
    if node.is_scalar:
        return scalar_text(node)
    place = program.layout.places.get(node)
    return node.op if place is None else _place(program, place)


def _place(program: Program, place: Place) -> str:
    text = _name(program, place.buffer)
    for op, option in place.path:
        if op == "transpose":
            text += ".T"
        elif op == "reshape":
            text += f".reshape({', '.join(map(str, option))})"
        else:
            text += slice_text(option)
    return text


def _name(program: Program, number: int) -> str:
    """Name of a buffer in explanations."""
    role = program.layout.buffers[number].role
    return f"b{number}" if role in ("work", "zeros", "ones") else role
