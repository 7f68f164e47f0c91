"""Forward passes of which each rank computes a part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...backends import Array, Backend
from ...compiler import ForwardRun
from ...compiler.rows import join_rows, take_rows
from .blocks import PartedBlock
from .exchange import Exchange
from .parts import cut

__all__ = ["gathered", "outputs_and_targets", "shared_forward"]


def shared_forward(
    forward: ForwardRun, backend: Backend, exchange: Exchange, outputs: int
) -> ForwardRun:
    """A forward pass, ``run(parameters, x) -> z``, that all ranks call with the same samples.

    Parameters
    ----------
    forward : callable
        That of a rank.
    backend : Backend
    exchange : Exchange
    outputs : int
        Neurons of the output layer.
    """

    def run(state: Any, x: Array) -> Array:
        m = x.shape[0]
        edges = cut(m, exchange.blocks)
        parts = [
            # Of a copy, as MKL rounds by where in memory the rows begin.
            forward(state, 1.0 * take_rows(backend, x, slice(edges[k], edges[k + 1])))
            for k in exchange.own
            if edges[k] < edges[k + 1]
        ]
        own = join_rows(backend, parts)[None, ...] if parts else None
        return exchange.rows(own, m, 1, outputs)[0, ...]

    return run


def gathered(
    array: Array, block: PartedBlock, backend: Backend, exchange: Exchange, n: int
) -> Array:
    """The rows of all ranks' samples of a block, shape (steps, m, n).

    Parameters
    ----------
    array : array, shape (rows, n)
        Of which the block's order takes this rank's own.
    """
    own, order = None, block.own.order
    if order.size:
        rows = backend.from_host(order.reshape(-1), "int64")
        own = backend.xp.reshape(backend.xp.take(array, rows, axis=0), (*order.shape, n))
    return exchange.rows(own, block.m, block.steps, n)


def outputs_and_targets(
    block: PartedBlock,
    forward: ForwardRun,
    state: Any,
    *,
    backend: Backend,
    exchange: Exchange,
    outputs: int,
    most: int,
) -> Iterator[tuple[Array, Array]]:
    """z and targets of samples of which each rank has its own, shape (rows, n_L), on every rank.

    Parameters
    ----------
    block : PartedBlock
    forward : callable
        ``forward(state, x) -> z``.
    state : tuple
    backend : Backend
    exchange : Exchange
    outputs : int
        Neurons of the output layer.
    most : int
        Rows at a time, or a mini-batch where that has more.
    """
    edges, xp = cut(block.m, exchange.blocks), backend.xp
    first, steps = edges[exchange.own.start], max(1, most // block.m)
    for start in range(0, block.steps, steps):
        some = block._replace(
            own=block.own._replace(order=block.own.order[start : start + steps]),
        )
        parts = []
        for k in exchange.own:
            order = some.own.order[:, edges[k] - first : edges[k + 1] - first]
            if order.size:
                rows = backend.from_host(order.reshape(-1), "int64")
                z = forward(state, xp.take(block.own.x, rows, axis=0))
                parts.append(xp.reshape(z, (*order.shape, outputs)))
        own = xp.concat(parts, axis=1) if parts else None
        z = exchange.rows(own, block.m, some.steps, outputs)
        targets = gathered(block.own.targets, some, backend, exchange, outputs)
        yield xp.reshape(z, (-1, outputs)), xp.reshape(targets, (-1, outputs))
