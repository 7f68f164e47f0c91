"""Distribute the calls of a step over two queues of a device.

Nothing reads the gradient of a layer's parameters before the update, so that it need not delay the
error on its way to the previous layer. Two calls must keep their order only if one writes memory
that the other reads or writes.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ..._lib.frozen import Frozen

__all__ = ["Call", "Span", "side_by_side"]

Span = tuple[Hashable, int, int]
"""Some memory: of what, and from which byte to which."""


class Call(Frozen):
    """Some lines of a plan's code.

    Attributes
    ----------
    lines : tuple of str
    reads, writes : tuple of Span
    work : float
        About how long it takes.
    """

    lines: tuple[str, ...]
    reads: tuple[Span, ...]
    writes: tuple[Span, ...]
    work: float


_MOST = 300  # calls: each is compared with all before it


def side_by_side(calls: Sequence[Call]) -> list[str]:
    """The lines of all calls, with the switches between queues and the waits.

    ``at(queue, *marks)`` has a queue wait for marks, and then take what follows; ``mark()`` is
    where the present queue stands. Both begin with what queue 0 did before, and end in it.

    Parameters
    ----------
    calls : sequence of Call
        In an order in which they can be made one after another.
    """
    plain = [line for call in calls for line in call.lines]
    if len(calls) > _MOST:
        return plain
    before = [{i for i in range(j) if _conflict(calls[i], call)} for j, call in enumerate(calls)]
    queues = _queues(calls, before)
    if not any(queues):
        return plain
    # Of each queue: up to which call of each queue it has waited.
    known = {queue: {0: -1, 1: -1} for queue in (0, 1)}
    waits: list[list[int]] = []
    for j, queue in enumerate(queues):
        other = 1 - queue
        last = max((i for i in before[j] if queues[i] == other), default=-1)
        new = last > known[queue][other]
        waits.append([last] if new else [])
        if new:
            known[queue][other] = last
        known[queue][queue] = j
    marked = {i for each in waits for i in each}
    lines, here = ["begin = mark()", "at(1, begin)", "at(0)"], 0
    for j, call in enumerate(calls):
        if queues[j] != here or waits[j]:
            here = queues[j]
            lines.append(f"at({', '.join([str(here), *(f'mark{i}' for i in waits[j])])})")
        lines += call.lines
        if j in marked:
            lines.append(f"mark{j} = mark()")
    return [*lines, "at(1)", "end = mark()", "at(0, end)"]


def _queues(calls: Sequence[Call], before: list[set[int]]) -> list[int]:
    """The queue of each call; the longest path of dependent work stays in one queue."""
    ahead = [call.work for call in calls]
    heir: dict[int, int] = {}
    for j in range(len(calls) - 1, -1, -1):
        for i in before[j]:
            if calls[i].work + ahead[j] > ahead[i]:
                ahead[i], heir[i] = calls[i].work + ahead[j], j
    queues: list[int] = []
    for j in range(len(calls)):
        parents = [i for i in before[j] if heir[i] == j]
        queues.append(queues[max(parents)] if parents else int(j > 0))
    return queues


def _conflict(one: Call, other: Call) -> bool:
    """Whether one writes what the other reads or writes."""
    return (
        _meet(one.writes, other.writes)
        or _meet(one.writes, other.reads)
        or _meet(one.reads, other.writes)
    )


def _meet(some: Sequence[Span], others: Sequence[Span]) -> bool:
    return any(a == b and i < q and p < j for a, i, j in some for b, p, q in others)
