"""Kernels of chains with sums or maxima over rows, as a softmax: a warp computes a row."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .expressions import REDUCTIONS
from .nodes import Node, is_elementwise, operands, operation, reduces_rows
from .source import KernelSource, SourceBuilder, ctype_of
from .types import literal

__all__ = ["ROW_LOOP", "is_rowwise", "rowwise_source"]

ROW_LOOP = "#pragma unroll\nfor (int e = 0, column = lane; e < EACH; ++e, column += LANES)"
"""Loop over those elements of a row that one thread of a warp holds."""

_MOST_COLUMNS = 512


def is_rowwise(group: Sequence[Node]) -> bool:
    """Whether one warp for each row can compute operations on a matrix and on its rows' numbers."""
    shapes = {operands(node)[0].shape for node in group if operation(node) in REDUCTIONS}
    if len(shapes) != 1:
        return False
    ((m, n),) = shapes
    return 1 < n <= _MOST_COLUMNS and all(
        reduces_rows(node)
        if operation(node) in REDUCTIONS
        else is_elementwise(node) and node.shape in ((m, n), (m, 1))
        for node in group
    )


def rowwise_source(group: Sequence[Node], local: Collection[Node]) -> KernelSource:
    """One kernel for a chain with sums or maxima over rows.

    Parameters
    ----------
    group : sequence of Node
        A group of which `is_rowwise` holds.
    local : collection of Node
        Those of its nodes that nothing outside the group reads.
    """
    _, n = next(operands(node)[0].shape for node in group if operation(node) in REDUCTIONS)
    builder, lines = SourceBuilder("[e]"), []
    for k, node in enumerate(group):
        ctype = ctype_of(node)
        if operation(node) in REDUCTIONS:
            begin, join = REDUCTIONS[operation(node)]
            join = f"v{k} = {join.format(f'v{k}', 'w')};"
            value = builder.value(operands(node)[0])
            lines += [
                f"{ctype} v{k} = {literal(begin, ctype)};",
                f"{ROW_LOOP} if (column < {n}) {{ {ctype} w = {value}; {join} }}",
                "for (int far = LANES / 2; far > 0; far /= 2)",
                f"{{ {ctype} w = __shfl_xor_sync(0xffffffffu, v{k}, far); {join} }}",
            ]
            builder.computed[node] = f"v{k}"
        elif node.shape[1] == 1:
            lines.append(f"const {ctype} v{k} = {builder.expression(node, '[0]')};")
            builder.computed[node] = f"v{k}"
        else:
            lines += [
                f"{ctype} v{k}[EACH];",
                f"{ROW_LOOP} v{k}[e] = {builder.expression(node)};",
            ]
            builder.computed[node] = f"v{k}[e]"
    results = tuple(node for node in group if node not in local)
    lines += [f"{ROW_LOOP} out{k}[e] = {builder.computed[one]};" for k, one in enumerate(results)]
    return builder.source(lines, results, rowwise=True)
