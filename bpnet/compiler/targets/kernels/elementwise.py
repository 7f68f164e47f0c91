"""Kernels of elementwise chains: all operations of a chain for one element at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .nodes import Node
from .source import KernelSource, SourceBuilder, ctype_of

__all__ = ["elementwise_source"]


def elementwise_source(group: Sequence[Node], local: Collection[Node]) -> KernelSource:
    """One kernel for a chain of elementwise operations.

    Parameters
    ----------
    group : sequence of Node
        Operations of one shape, in order.
    local : collection of Node
        Those of them that nothing outside the group reads.

    Returns
    -------
    KernelSource
        It writes results after it has read all arguments, so that a result may take the place of
        an argument.
    """
    builder = SourceBuilder()
    lines = []
    for k, node in enumerate(group):
        lines.append(f"const {ctype_of(node)} v{k} = {builder.expression(node)};")
        builder.computed[node] = f"v{k}"
    results = tuple(node for node in group if node not in local)
    lines += [f"out{k} = {builder.computed[node]};" for k, node in enumerate(results)]
    return builder.source(lines, results)
