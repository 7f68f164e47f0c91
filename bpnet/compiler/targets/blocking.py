"""Chains of elementwise operations over large arrays, block by block through the cache."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...backends.base import Array
from ..plan import Plan
from ..trace import ELEMENTWISE, Node

__all__ = ["BlockwisePlan"]


class BlockwisePlan(Plan):
    """A plan that does all of a chain with one block before it goes on to the next.

    Attributes
    ----------
    block : int
        Entries of a block, so few that some blocks lie in the cache together.
    """

    block = 2**15

    def is_chained(self, node: Node) -> bool:
        large = node.size >= 2 * self.block
        return node.op in ELEMENTWISE and large and not self.touches_dynamic(node)

    def replaceable(self, node: Node, group: list[Node]) -> Iterable[Node]:
        # Each block of what the chain reads was read when this step writes its own.
        return dict.fromkeys([*node.args, *(one for step in group for one in step.args)])

    def blockwise(self, node: Node, pieces: list[list[Array]]) -> list[Any]:
        """A call for each block of a step's arguments and result; none if it is done by lines."""
        return []

    def chain(self, group: list[Node], local: set[Node]) -> list[str]:
        shape = group[0].shape
        rows = max(1, self.block * shape[0] // group[0].size)
        bounds = [(r, min(r + rows, shape[0])) for r in range(0, shape[0], rows)]
        columns: dict[int, list[Array]] = {}
        held: dict[Node, _Room] = {}

        def name(node: Node) -> str:
            array = held[node] if node in local else self.array(node)
            if array.ndim < len(shape) or array.shape[0] != shape[0]:
                return self.bind(array)  # a number, or a row that goes with every block
            if id(array) not in columns:
                columns[id(array)] = [array[low:high] for low, high in bounds]
            return f"c{list(columns).index(id(array))}"

        body = []
        for k, node in enumerate(group):
            arguments = [name(one) for one in node.args]
            if node in local:
                later = group[k + 1 :]
                taken = [held[one] for one in held if any(use in later for use in self.uses[one])]
                if node.op == "where":  # writes its result in two goes
                    taken += [held[one] for one in node.args if one in held]
                free = (b for b in held.values() if b.dtype == node.dtype and b not in taken)
                room = next(free, None)
                if room is None:
                    room = _Room(self.empty((rows, *shape[1:]), node.dtype), node)
                held[node] = room
            out = name(node)
            arrays = (held[one] if one in held else self.array(one) for one in (*node.args, node))
            pieces = [columns.get(id(one), []) for one in arrays]
            if calls := self.blockwise(node, pieces):
                columns[id(calls)] = calls
                body.append(f"c{list(columns).index(id(calls))}()")
            else:
                body += self.elementwise(node, arguments, out)
        variables = ", ".join(f"c{k}" for k in range(len(columns)))
        blocks = list(zip(*columns.values(), strict=True))
        return [f"for {variables}, in {self.bind(blocks)}:", *(f"    {line}" for line in body)]


class _Room:
    """Room for a block, that stands for an array of which each block goes through it in turn."""

    def __init__(self, room: Array, node: Node) -> None:
        self.shape, self.ndim, self.dtype = node.shape, node.ndim, node.dtype
        self._room = room

    def __getitem__(self, rows: slice) -> Array:
        return self._room[: rows.stop - rows.start]
