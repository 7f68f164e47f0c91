"""Assign the nodes of a graph to buffers: a pure function of plain data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from .ir import COMPUTED, ELEMENTWISE, IN_PLACE, LEAVES, VIEWS, Node, parts_of, root_of
from .layout import Buffer, Layout, Move, Place
from .schedule import Group, Steps, shows

__all__ = ["assign_buffers", "maker_of", "placed_in_concat"]


def maker_of(part: Node) -> Node:
    """The node behind a part of a concatenation, reshapes removed."""
    while part.op == "reshape":
        part = part.args[0]
    return part


def placed_in_concat(
    steps: Steps, moving: Collection[Node] = ()
) -> dict[Node, tuple[Node, tuple[slice, ...]]]:
    """Nodes that are computed directly into their place in a concatenation, and that place."""
    placed: dict[Node, tuple[Node, tuple[slice, ...]]] = {}
    for whole in steps.nodes:
        if whole.op != "concat" or whole in moving:
            continue
        for part, where in parts_of(whole):
            maker = maker_of(part)
            flat = whole.ndim == 1 and maker.op in COMPUTED
            # Columns of a matrix are not contiguous, so that no other view of them is possible.
            plain = part is maker and all(use.op not in VIEWS for use in steps.uses[maker])
            fits = flat or (maker.op in ELEMENTWISE and plain)
            free = maker not in placed and maker not in steps.kept
            # After the whole was read last, its buffer may hold something else.
            if fits and free and steps.last[maker] == steps.place[whole]:
                placed[maker] = whole, where
    return placed


def assign_buffers(
    steps: Steps,
    groups: Sequence[Group],
    *,
    moving: Collection[Node] = (),
    placed: Mapping[Node, tuple[Node, tuple[slice, ...]]] | None = None,
    reused: int = 0,
    by_blocks: bool = False,
) -> Layout:
    """Give each node of a graph a buffer, or a place within one.

    A buffer is used again as soon as the last operation has read it; what is elementwise may
    overwrite what it reads, and the state's next value the state.

    Parameters
    ----------
    steps : Steps
    groups : sequence of Group
        The operations in the order in which they are computed.
    moving : collection of Node, optional
        Nodes that are another array at each step: y, and perhaps x and z.
    placed : mapping, optional
        As of `placed_in_concat`.
    reused : int, optional
        Size in bytes from which a buffer is reused.
    by_blocks : bool, optional
        Whether a chain reads a block of every operand before it writes that block, so that it may
        overwrite any of them.
    """
    assignment = _Assignment(steps, moving, placed or {}, reused, by_blocks)
    for group in groups:
        assignment.add(group)
    return assignment.layout()


class _Assignment:
    """The state of an assignment in progress."""

    def __init__(
        self,
        steps: Steps,
        moving: Collection[Node],
        placed: Mapping[Node, tuple[Node, tuple[slice, ...]]],
        reused: int,
        by_blocks: bool,
    ) -> None:
        self._steps, self._moving, self._placed = steps, moving, placed
        self._reused, self._by_blocks = reused, by_blocks
        graph = self._graph = steps.graph
        self._buffers: list[Buffer] = []
        self._places: dict[Node, Place] = {}
        self._owners: dict[int, list[Node]] = {}
        self._free: list[int] = []
        for k, node in enumerate(graph.state):
            self._own(node, self._new(node, f"state{k}"))
        for node, role in ((graph.x, "x"), (graph.y, "y"), (graph.z, "z")):
            if node in moving or (node is graph.x and node not in self._places):
                self._own(node, self._new(node, role))
        for before, after in zip(graph.state, graph.results, strict=True):
            if after.op == "joined":
                self._own(after, self._places[before].buffer)

    def add(self, group: Group) -> None:
        """Place the results of a group, then release the buffers that no later step reads."""
        first = self._steps.place[group.nodes[0]]
        for node in group.nodes:
            if node in group.local or node in self._moving:
                continue
            buffer = self._in_place(node, first)
            if buffer is None:
                self._place(node)
            else:
                self._own(node, buffer)
        self._release(group)

    def layout(self) -> Layout:
        """The finished layout, with the places of all views."""
        graph, moves = self._graph, []
        for node in graph.nodes:
            if node.op in ("zeros", "ones"):
                self._own(node, self._new(node, node.op))
            elif node.op in VIEWS and node.args[0] in self._places:
                self._place(node)
        for k, (before, after) in enumerate(zip(graph.state, graph.results, strict=True)):
            if self._places.get(after) == self._places[before]:
                continue
            aside = self._new(after, "work") if root_of(after) in graph.state else None
            moves.append(Move(after, k, aside))
        return Layout((*self._buffers,), self._places, self._placed, (*moves,))

    # ------------------------------------------------------------------ places

    def _new(self, node: Node, role: str) -> int:
        moving = node in self._moving and role in ("x", "y", "z")
        self._buffers.append(Buffer(len(self._buffers), node.shape, node.dtype, role, moving))
        return len(self._buffers) - 1

    def _own(self, node: Node, buffer: int) -> None:
        """Give a node a whole buffer."""
        self._places[node] = Place(buffer)
        self._owners.setdefault(buffer, []).append(node)

    def _place(self, node: Node) -> Place:
        """The place of a node; a node without one gets a free or a new buffer."""
        if node in self._places:
            return self._places[node]
        if node.op in VIEWS:
            option = node.shape if node.op == "reshape" else node.option
            self._places[node] = self._place(node.args[0]).through(node.op, option)
        elif node.op in IN_PLACE:
            self._places[node] = self._place(node.args[0])
        elif node in self._placed:
            whole, where = self._placed[node]
            place = self._place(whole).through("slice", where)
            narrow = whole.ndim != node.ndim
            self._places[node] = place.through("reshape", node.shape) if narrow else place
        else:
            self._own(node, self._unused(node))
        return self._places[node]

    def _unused(self, node: Node) -> int:
        for k, free in enumerate(self._free):
            buffer = self._buffers[free]
            if (buffer.shape, buffer.dtype) == (node.shape, node.dtype):
                return self._free.pop(k)
        return self._new(node, "work")

    # ------------------------------------------------------------------ overwriting

    def _in_place(self, node: Node, first: int) -> int | None:
        """A buffer that the node may overwrite: the state's, or an operand's read last here."""
        steps, graph = self._steps, self._graph
        place = steps.place[node]
        # `where` still reads its operands after it has begun to write.
        if node in self._placed or node.op not in ELEMENTWISE or node.op == "where":
            return None
        group = steps.nodes[first : place + 1]
        if node in graph.results:
            before = graph.state[graph.results.index(node)]
            readers = self._readers(before)
            inside = [k for k in readers if first <= k <= place]
            direct = not any(shows(steps.nodes[k], before) for k in inside)
            passed_on = any(root_of(one) is before for one in graph.results)
            if not passed_on and direct and max(readers, default=-1) <= place:
                return self._places[before].buffer
        operands = [*node.args]
        if self._by_blocks:
            operands += [one for step in group for one in step.args]
        for one in dict.fromkeys(operands):
            fits = one.shape == node.shape and one.dtype == node.dtype
            owned = one in steps.place and one not in steps.kept and one not in self._placed
            if not (fits and owned) or one not in self._places:
                continue
            held = self._places[one]
            shown = any(shows(other, one) for other in group)
            if not held.path and not shown and not self._is_live(held.buffer, place):
                return held.buffer
        return None

    def _readers(self, root: Node) -> list[int]:
        """Positions of the steps that read a node, directly or through views."""
        return [
            k
            for k, node in enumerate(self._steps.nodes)
            if any(root_of(one) is root for one in node.args)
        ]

    def _release(self, group: Group) -> None:
        """Release the buffers that no later step reads."""
        steps, place = self._steps, self._steps.place[group.nodes[-1]]
        for node in group.nodes:
            for one in node.args:
                root = root_of(one)
                held = self._places.get(root)
                stays = root.op in LEAVES or root.is_scalar or root in steps.kept
                if held is None or held.path or stays or root in self._placed:
                    continue
                if self._buffers[held.buffer].nbytes < self._reused:
                    continue
                if held.buffer not in self._free and not self._is_live(held.buffer, place):
                    self._free.append(held.buffer)

    def _is_live(self, buffer: int, place: int) -> bool:
        """Whether the contents of a buffer are read after a step, or kept."""
        steps = self._steps
        return any(
            node in steps.kept or node in self._graph.state or steps.last.get(node, -1) > place
            for node in self._owners.get(buffer, ())
        )
