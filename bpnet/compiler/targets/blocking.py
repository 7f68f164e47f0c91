"""Chains of elementwise operations over large arrays, block by block through the cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...backends import Array
from ..emit import Emitter, arrays_of
from ..ir import ELEMENTWISE, Node, root_of
from ..schedule import Group

__all__ = ["chain_lines", "is_large", "room_numbers"]


def is_large(node: Node, block: int, moving: Mapping[Node, str]) -> bool:
    """Whether blocks pay for an operation, and its arrays are the same at each step.

    Parameters
    ----------
    node : Node
    block : int
        Entries of a block, so few that some blocks lie in the cache together.
    moving : mapping of Node to str
    """
    large = node.op in ELEMENTWISE and node.size >= 2 * block
    return large and not any(root_of(one) in moving for one in (node, *node.args))


def room_numbers(group: Group, uses: Mapping[Node, Sequence[Node]]) -> dict[Node, int]:
    """Assign the nodes local to a chain to rooms of one block each; rooms are shared."""
    rooms: dict[Node, int] = {}
    first: list[Node] = []
    for k, node in enumerate(group.nodes):
        if node not in group.local:
            continue
        later = group.nodes[k + 1 :]
        taken = {rooms[one] for one in rooms if any(use in later for use in uses[one])}
        if node.op == "where":  # writes its result in two goes
            taken |= {rooms[one] for one in node.args if one in rooms}
        fits = (r for r, one in enumerate(first) if one.dtype == node.dtype and r not in taken)
        rooms[node] = next(fits, len(first))
        if rooms[node] == len(first):
            first.append(node)
    return rooms


def chain_lines(
    emitter: Emitter,
    group: Group,
    block: int,
    calls: Callable[[Node, list[list[Array]]], list[Any]] = lambda node, pieces: [],
) -> list[str]:
    """Lines that finish a chain on one block before they turn to the next.

    Parameters
    ----------
    emitter : Emitter
    group : Group
    block : int
        As of `is_large`.
    calls : callable, optional
        Returns a call for each block of an operation's operands and result; an empty list if the
        operation is written as lines.
    """
    shape = group.nodes[0].shape
    rows = max(1, block * shape[0] // group.nodes[0].size)
    bounds = [(r, min(r + rows, shape[0])) for r in range(0, shape[0], rows)]
    numbers = room_numbers(group, emitter.program.uses)
    rooms: dict[int, _Room] = {}
    columns: dict[int, list[Any]] = {}

    def array_of(node: Node) -> Any:
        if node not in numbers:
            return emitter.memory[node]
        number = numbers[node]
        if number not in rooms:
            rooms[number] = _Room(emitter.library.empty((rows, *shape[1:]), node.dtype), node)
        return rooms[number]

    def name(node: Node) -> str:
        if node.is_scalar:
            return emitter.name(node)
        array = array_of(node)
        if array.ndim < len(shape) or array.shape[0] != shape[0]:
            return emitter.bind(array)  # a row that goes with every block
        if id(array) not in columns:
            columns[id(array)] = [array[low:high] for low, high in bounds]
        return f"c{list(columns).index(id(array))}"

    body = []
    for node in group.nodes:
        operands = arrays_of(node)
        arguments, out = [name(one) for one in operands], name(node)
        arrays = [None if one.is_scalar else array_of(one) for one in (*operands, node)]
        found = calls(node, [columns.get(id(one), []) for one in arrays])
        if found:
            columns[id(found)] = found
            body.append(f"c{list(columns).index(id(found))}()")
        else:
            body += emitter.elementwise(node, arguments, out)
    variables = ", ".join(f"c{k}" for k in range(len(columns)))
    blocks = list(zip(*columns.values(), strict=True))
    return [f"for {variables}, in {emitter.bind(blocks)}:", *(f"    {line}" for line in body)]


class _Room:
    """Memory for one block. It stands for an array whose blocks pass through it in turn."""

    def __init__(self, room: Array, node: Node) -> None:
        self.shape, self.ndim = node.shape, node.ndim
        self._room = room

    def __getitem__(self, rows: slice) -> Array:
        return self._room[: rows.stop - rows.start]
